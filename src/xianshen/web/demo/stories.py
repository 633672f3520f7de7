"""The history of the demonstration: applications at every step, accounts in every state, and what else happened.

Everything is done by the services that the pages call, as the people who would do it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from xianshen.approvals import services as approvals
from xianshen.approvals.enums import Verdict
from xianshen.approvals.selectors import current_step, rounds_of
from xianshen.approvals.signing import Signature
from xianshen.common.actors import Actor
from xianshen.directory import services as directory
from xianshen.organisation import services as organisation
from xianshen.organisation.selectors import actor_in, grants_of
from xianshen.registry import services as registry
from xianshen.registry.enums import AccountState, SuspensionReason
from xianshen.registry.selectors import APPLICATION_TYPE, public_accounts
from xianshen.registry.services.accounts import AccountFacts, Registration
from xianshen.regulation import services as regulation
from xianshen.regulation.selectors import policy_on, version_on
from xianshen.web.demo.calendar import History
from xianshen.web.demo.college import AccountPlan, Plan, class_key
from xianshen.web.demo.papers import sponsor_paper

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution, Person, Position, Unit
    from xianshen.registry.models import MediaAccount, OpeningApplication


@dataclass(slots=True)
class World:
    """The college while its history is told: records by the keys of the plan."""

    institution: "Institution"
    history: History
    units: "dict[str, Unit]" = field(default_factory=dict)
    people: "dict[str, Person]" = field(default_factory=dict)
    positions: "dict[str, Position]" = field(default_factory=dict)
    applications: int = 0

    @property
    def system(self) -> Actor:
        return Actor.system(institution_id=self.institution.pk, institution=self.institution.code)

    def who(self, username: str, at: datetime) -> dict[str, Any]:
        """Return how most services learn who acts, and when."""
        person = self.people[username]
        grants = grants_of(person, timezone.localdate(at))
        holding = grants.holdings[0] if grants.holdings else None
        return {"actor": actor_in(person, holding), "grants": grants, "now": at}

    def account(self, name: str) -> "MediaAccount":
        found = public_accounts(self.institution.pk).filter(name=name).first()
        if found is None:
            raise LookupError(f"the demonstration has no account named {name}")
        return found

    def head_of(self, unit: str) -> str:
        special = {"office": "office.director", "scitech": "scitech.head", "league": "league.secretary"}
        return special.get(unit, f"{unit}.head")

    def operator_of(self, unit: str) -> str:
        special = {class_key("law", 2024, "一"): "class.operator", "soc-01": "society.operator"}
        return special.get(unit, f"{unit}.operator")


# ── existing accounts and the units' files ───────────


def register(world: World, plans: list[AccountPlan], at: datetime) -> None:
    """Enter accounts that ran before, as the Office does from its list."""
    registrations = []
    for plan in plans:
        owner = world.people[world.operator_of(plan.unit)]
        second = world.people.get(world.head_of(plan.unit))
        registrations.append(
            Registration(
                AccountFacts(
                    unit=world.units[plan.unit],
                    name=plan.name,
                    platform=plan.platform,
                    handle=plan.handle,
                    owner=owner,
                    owner_name=owner.name,
                    owner_mobile=owner.mobile,
                    owner_email=owner.email,
                    second_contact_name=second.name if second else "",
                    second_contact_mobile=second.mobile if second else "",
                    content_scope=plan.scope,
                    positioning=plan.positioning,
                    audience=plan.audience,
                    data_service=plan.platform == "app",
                    server_filing_reference=f"科〔{plan.opened_on.year}〕12号" if plan.platform == "app" else "",
                    opened_on=plan.opened_on,
                ),
                AccountState.ACTIVE,
            )
        )
    registry.register_accounts(registrations=registrations, **world.who("office.media", at))


COMPLETE = (
    "office",
    "league",
    "library",
    "teaching",
    "students",
    "careers",
    "security",
    "customs",
    "business",
    "law",
    "languages",
)


def file_documents(world: World, unit: str, at: datetime, *, lacking: str = "", until: date | None = None) -> None:
    """File the documents of a sponsoring unit.

    Args:
        lacking: code of a part that it has yet to file.
        until: last day of the first document, when it is to run out early.
    """
    on = timezone.localdate(at)
    parts = [part for part in policy_on(world.institution.pk, on).sponsor_file.parts if part.code != lacking]
    for place, part in enumerate(parts):
        registry.file_sponsor_document(
            unit_id=world.units[unit].pk,
            kind=part.code,
            title=part.label,
            upload=sponsor_paper(
                kind=part.code, title=part.label, unit=world.units[unit].name, institution=world.institution.name
            ),
            valid_from=on,
            valid_until=until if until and not place else None,
            **world.who(world.head_of(unit), at),
        )


def sign_current(
    world: World,
    subject_type: str,
    subject_id: int,
    by: str,
    at: datetime,
    *,
    verdict: Verdict = Verdict.AGREE,
    text: str,
) -> None:
    """Have somebody sign the current step of a record's newest round."""
    chain = rounds_of(world.institution.pk, subject_type, str(subject_id))[0]
    step = current_step(chain)
    assert step is not None, f"{subject_type} {subject_id} waits for nobody"
    approvals.decide(
        institution_id=world.institution.pk,
        chain_id=chain.pk,
        step_id=step.pk,
        person=world.people[by],
        verdict=verdict,
        text=text,
        digest=chain.digest,
        signature=Signature(world.people[by].pk, "password", at),
        now=at,
    )


# ── applications ─────────────────────────────────────


@dataclass(slots=True)
class Application:
    """One application on its way; every step is noted in the history.

    Args:
        world: the college.
        unit: key of the sponsoring unit.
        values: fields of the form; owner and contacts are filled in.
    """

    world: World
    unit: str
    values: dict[str, Any]
    pk: int = 0
    revision: int = 1

    def draft(self, days_ago: float, hour: int = 9, *, only: tuple[str, ...] = ()) -> "Application":
        """Begin and fill in; with ``only`` just these fields."""

        def begin(at: datetime) -> None:
            operator = self.world.operator_of(self.unit)
            started = registry.start_draft(unit_id=self.world.units[self.unit].pk, **self.world.who(operator, at))
            self.pk, self.world.applications = started.pk, self.world.applications + 1
            filled = self._filled(operator)
            self._save({key: filled[key] for key in only} if only else filled, at)

        self.world.history.then(days_ago, begin, hour, story=self._story)
        return self

    @property
    def _story(self) -> str:
        return f"{self.unit}: {self.values['name']}"

    def _filled(self, operator: str) -> dict[str, Any]:
        person = self.world.people[operator]
        second = self.world.people.get(self.world.head_of(self.unit)) or self.world.people["office.media"]
        return {
            "owner_id": person.pk,
            "owner_name": person.name,
            "owner_mobile": person.mobile,
            "owner_email": person.email,
            "second_contact_name": second.name,
            "second_contact_mobile": second.mobile,
            "data_service": False,
            "in_name_of": "unit",
            **self.values,
        }

    def _save(self, values: dict[str, Any], at: datetime) -> None:
        grants = self.world.who(self.world.operator_of(self.unit), at)["grants"]
        saved = registry.save_draft(
            grants=grants, application_id=self.pk, revision=self.revision, values=values, now=at
        )
        self.revision = saved.revision

    def submit(self, days_ago: float, hour: int = 10, **corrected: Any) -> "Application":
        """Submit, after correcting some fields when it was returned."""

        def send(at: datetime) -> None:
            if corrected:
                self._save(corrected, at)
            who = self.world.who(self.world.operator_of(self.unit), at)
            sent: OpeningApplication = registry.submit_application(
                application_id=self.pk, revision=self.revision, **who
            )
            self.revision = sent.revision

        self.world.history.then(days_ago, send, hour, story=self._story)
        return self

    def signed(
        self, days_ago: float, by: str, verdict: Verdict = Verdict.AGREE, text: str = "", hour: int = 14
    ) -> "Application":
        """Have somebody sign the current step."""

        def sign(at: datetime) -> None:
            sign_current(self.world, APPLICATION_TYPE, self.pk, by, at, verdict=verdict, text=text)

        self.world.history.then(days_ago, sign, hour, story=self._story)
        return self

    def withdrawn(self, days_ago: float, reason: str, hour: int = 15) -> "Application":
        """Have the applicant take it back."""

        def withdraw(at: datetime) -> None:
            chain = rounds_of(self.world.institution.pk, APPLICATION_TYPE, str(self.pk))[0]
            approvals.withdraw(
                institution_id=self.world.institution.pk,
                chain_id=chain.pk,
                person=self.world.people[self.world.operator_of(self.unit)],
                reason=reason,
                now=at,
            )

        self.world.history.then(days_ago, withdraw, hour, story=self._story)
        return self


def applications(world: World) -> None:
    """Note the applications, one or more at each step."""

    def of(unit: str, name: str, platform: str, handle: str, scope: str, positioning: str, **more: Any) -> Application:
        values = {
            "name": name,
            "platform": platform,
            "handle": handle,
            "content_scope": scope,
            "positioning": positioning,
            "audience": ["students"],
            **more,
        }
        return Application(world, unit, values)

    agree = Verdict.AGREE
    # Approved, Annex 1 issued.
    (
        of(
            "library",
            "图书馆新书速递",
            "wechat_channels",
            "图书馆新书速递",
            "每周新书、馆员荐书和读者书评的短视频。",
            "只做新书和阅读推广，通知仍由「图书馆服务」发布。",
        )
        .draft(52)
        .submit(52, 11)
        .signed(51, "library.head", agree, "同意开设，由读者服务部负责。")
        .signed(48, "office.director", agree, "同意。")
    )
    (
        of(
            "languages",
            "外语系翻译工坊",
            "wechat_subscription",
            "wyx_fanyi",
            "笔译练习、口译训练和翻译赛事信息。",
            "面向翻译方向学生的练习园地。",
        )
        .draft(44)
        .submit(43)
        .signed(41, "languages.head", agree, "同意。")
        .signed(37, "office.director", agree, "同意开设。")
    )
    # Returned, corrected, approved: two rounds.
    (
        of(
            "business",
            "工商管理系案例社区",
            "wechat_subscription",
            "gsglx_anli",
            "发布案例。大家都可以来看，内容丰富。",
            "案例教学和企业参访的分享。",
        )
        .draft(36)
        .submit(36, 11)
        .signed(34, "business.head", Verdict.RETURN, "发布内容范围太笼统，写明有哪些栏目、多久发一次。")
        .submit(32, content_scope="每周一篇管理案例，每月一次企业参访实录，不转载未授权的文章。")
        .signed(31, "business.head", agree, "已补正，同意。")
        .signed(28, "office.director", agree, "同意。")
    )
    # Approved with a data service: one activated, one waits for the server.
    (
        of(
            "library",
            "图书馆座位预约",
            "wechat_service",
            "shcc_seat",
            "阅览座位和研讨间的预约、签到和违约提醒。",
            "只做预约，不发推文。",
            data_service=True,
        )
        .draft(30)
        .submit(30, 11)
        .signed(29, "library.head", agree, "同意。")
        .signed(26, "office.director", agree, "同意，报科技处。")
    )
    (
        of(
            "teaching",
            "教务查询",
            "wechat_service",
            "shcc_jwcx",
            "成绩、课表、考场的查询和考试提醒。",
            "查询服务，通知仍由「教务微讯」发布。",
            data_service=True,
        )
        .draft(17)
        .submit(17, 11)
        .signed(15, "teaching.head", agree, "同意。")
        .signed(10, "office.director", agree, "同意，服务器报科技处审批后启用。")
    )
    # Refused, withdrawn.
    (
        of(
            "students",
            "学生处二手书",
            "wechat_subscription",
            "shcc_2shou",
            "旧教材的转让信息和交易撮合。",
            "方便毕业生处理教材。",
        )
        .draft(27)
        .submit(27, 11)
        .signed(25, "students.head", agree, "同意。")
        .signed(
            21,
            "office.director",
            Verdict.DISAGREE,
            "撮合交易不属于新媒体发布信息的范围，由后勤处在跳蚤市场活动中办理。",
        )
    )
    (
        of(
            "personnel",
            "海院人才之窗",
            "weibo",
            "海院人才之窗",
            "招聘公告、人才政策和教师风采。",
            "人事处在微博上的窗口，发布招聘和政策。",
        )
        .draft(19)
        .submit(19, 11)
        .withdrawn(18, "先把「人才招聘在线」办好，暂不另开。")
    )
    # Waiting: department, Office, school leader; on time, soon due, and late.
    (
        of(
            "library",
            "图书馆古籍修复",
            "wechat_channels",
            "图书馆古籍修复",
            "古籍修复过程、馆藏善本介绍和体验活动。",
            "展示古籍保护的专门账号。",
        )
        .draft(2)
        .submit(1, 15)
    )
    (
        of(
            "exchange",
            "海院留学生之家",
            "wechat_subscription",
            "shcc_intl",
            "留学生签证、住宿、课程和文化活动的通知。",
            "给在校留学生看的双语通知。",
            audience=["students", "public"],
        )
        .draft(10)
        .submit(9, 9)
    )
    (
        of(
            "customs",
            "海关管理系校友",
            "wechat_subscription",
            "hgglx_alumni",
            "校友动态、返校活动和行业讲座的通知。",
            "面向本系毕业生，不发教学通知。",
            audience=["alumni"],
        )
        .draft(9)
        .submit(8, 9)
        .signed(6, "customs.head", agree, "同意。")
    )
    (
        of(
            "logistics",
            "后勤食堂点评",
            "wechat_channels",
            "后勤食堂点评",
            "食堂新菜、价格公示和监督员探店。",
            "食堂公示和监督的短视频。",
            audience=["students", "staff"],
        )
        .draft(4)
        .submit(3, 9)
    )
    (
        of(
            "office",
            "上海海关学院视频号",
            "wechat_channels",
            "上海海关学院",
            "学校新闻、校园风光和重要活动的短视频。",
            "学校官方的短视频窗口。",
            audience=["public", "students", "staff"],
        )
        .draft(5)
        .submit(5, 11)
        .signed(4, "office.director", agree, "以主办单位身份同意，报分管校领导。")
    )
    # Returned and not yet corrected; the secretary signs for the head, who is away.
    (
        of(
            "law",
            "法律系法考加油站",
            "wechat_subscription",
            "flx_fakao",
            "法考报名提醒、真题讲解和备考打卡。",
            "为准备法考的本系学生服务。",
            audience=["unit_students"],
        )
        .draft(4)
        .submit(3, 11)
        .signed(1, "law.secretary", Verdict.RETURN, "和「法律系」的讲座预告有重合，写明两个账号怎么分工。", 11)
    )
    # Waiting for the head, or for the secretary in their place.
    (
        of(
            "law",
            "法律系模拟法庭直播",
            "wechat_channels",
            "法律系模拟法庭",
            "模拟法庭的直播预告、庭审实录和点评。",
            "只播模拟法庭，讲座和通知仍由「法律系」发布。",
            audience=["unit_students", "public"],
        )
        .draft(3)
        .submit(2, 14)
    )
    # Drafts.
    of(
        "law", "法律系实务课堂", "wechat_channels", "法律系实务课堂", "模拟法庭实录和案例解读。", "实务教学的短视频。"
    ).draft(1, 16, only=("name", "platform", "handle", "content_scope", "in_name_of"))
    of("soc-01", "关务协会招新", "qq", "512345678", "每年招新的通知和答疑。", "招新用。").draft(
        2, 20, only=("name", "platform", "in_name_of")
    )
    _third_tier(world, of)


def _third_tier(world: World, of: Callable[..., Application]) -> None:
    """Note the applications that a department or the League Committee decides and reports to the Office."""
    agree = Verdict.AGREE
    # Reported and acknowledged.
    (
        of(
            class_key("law", 2024, "一"),
            "2024级法律一班之声",
            "wechat_subscription",
            "law2024_1",
            "班级活动、学习笔记和班会纪要。",
            "本班同学自己的园地。",
            audience=["unit_students"],
        )
        .draft(40)
        .submit(40, 11)
        .signed(38, "law.secretary", agree, "同意，班主任把关。")
        .signed(35, "office.media", Verdict.ACKNOWLEDGE, "")
    )
    # Reported, queried by the Office, not yet answered.
    (
        of(
            "soc-01",
            "关务协会视频号",
            "wechat_channels",
            "关务协会",
            "报关模拟、关务讲座和协会活动的短视频。",
            "协会活动的短视频，给喜欢关务的同学看。",
        )
        .draft(16)
        .submit(16, 11)
        .signed(14, "league.secretary", agree, "同意。")
        .signed(7, "office.media", Verdict.QUERY, "协会已有两个账号，说明为什么还要另开视频号，谁来审稿。")
    )
    # Reported, waiting for the Office.
    (
        of(
            "soc-02",
            "外语角在线",
            "wechat_subscription",
            "wyj_online",
            "每周外语角的话题、时间地点和录音。",
            "外语角活动的通知和录音，面向全校。",
        )
        .draft(8)
        .submit(8, 11)
        .signed(5, "league.secretary", agree, "同意。")
    )
    # Approved, then revoked by the Office.
    (
        of(
            "soc-14",
            "跑步协会约跑",
            "wechat_subscription",
            "paobu_yue",
            "夜跑路线、约跑时间和打卡。",
            "给爱跑步的同学约时间、约路线。",
        )
        .draft(33)
        .submit(33, 11)
        .signed(31, "league.secretary", agree, "同意。")
        .signed(
            24, "office.media", Verdict.REVOKE, "账号发布校外商业赛事报名收费信息，超出申请的发布内容范围，撤销批准。"
        )
    )
    # Waiting for the League Committee.
    (
        of(
            "org-03",
            "志愿海院",
            "wechat_channels",
            "志愿海院",
            "志愿活动招募、风采和时长公示。",
            "展示志愿服务，公示志愿时长。",
        )
        .draft(3)
        .submit(2, 9)
    )
    # Waiting for the department.
    (
        of(
            class_key("law", 2025, "一"),
            "25法律一班读书角",
            "wechat_subscription",
            "fl2025_dsj",
            "每周共读一本法学书的笔记和讨论。",
            "本班同学的共读园地。",
            audience=["unit_students"],
        )
        .draft(4)
        .submit(3, 12)
    )
    (
        of(
            class_key("customs", 2025, "一"),
            "海管2025一班小报",
            "wechat_subscription",
            "hg2025_xb",
            "班级通知和学习分享。",
            "本班同学自己编的小报。",
            audience=["unit_students"],
        )
        .draft(6)
        .submit(6, 12)
    )


# ── accounts in every state ──────────────────────────


def standings(world: World) -> None:
    """Note suspensions for every reason, a resumption, closings and closures."""

    def carry(service: Callable[..., Any], name: str, text: str, **more: Any) -> Callable[[datetime], None]:
        def happen(at: datetime) -> None:
            service(
                account_id=world.account(name).pk,
                institution_id=world.institution.pk,
                text=text,
                **more,
                **world.who("office.media", at),
            )

        return happen

    def suspend(days: float, name: str, reason: SuspensionReason, text: str) -> None:
        world.history.then(days, carry(registry.suspend_account, name, text, reason=reason), 15, story=name)

    for name in ("摄影协会", "吉他社"):
        suspend(70, name, SuspensionReason.NOT_REVIEWED, "上一年度年审表逾期没有交，两次提醒后仍未补交。")
    suspend(68, "海院创业协会", SuspensionReason.REVIEW_FAILED, "年审不合格：全年推送不足五条，审核记录缺失。")
    for name in ("海院摄影协会", "贸易观察"):
        suspend(40, name, SuspensionReason.LEGACY_UNFILED, "办法公布后一个月内没有提交备案表。")
    suspend(22, "辩论队", SuspensionReason.STOP_ORDER, "转发未经核实的消息，造成不良影响，责令停止运行并整改。")
    suspend(
        12,
        "模拟法庭社在线",
        SuspensionReason.LINKAGE_BREACH,
        "学校重大事项期间自行发布信息，没有转发学校官方微博、微信。",
    )
    world.history.then(
        55, carry(registry.resume_account, "吉他社", "已补交年审表，合格，恢复运行。"), 16, story="吉他社"
    )
    for days, name, text in (
        (60, "海院图书馆", "合并到「图书馆服务」。"),
        (58, "平安校园提示", "合并到「平安海院」。"),
        (45, "SHCC Global", "改由学校英文网站发布。"),
    ):
        world.history.then(days, carry(registry.begin_closing_account, name, text), 9, story=name)
        closed = carry(registry.close_account, name, "备案登记表已收，账号已注销。")
        world.history.then(days - 5, closed, 16, story=name)
    for name, text in (
        ("青春海院微博", "粉丝迁到公众号，正在发停办公告。"),
        ("羽毛球协会", "社团改选，停办后另行申请。"),
    ):
        world.history.then(5, carry(registry.begin_closing_account, name, text), 9)


# ── the Office's other business ──────────────────────


def office_business(world: World, plan: Plan) -> None:
    """Note reading, interpreting, delegating, impostor reports and the units' files."""
    history = world.history
    history.then(78, lambda at: _acknowledge(world, ("office.media", "office.director", "office.operator"), at), 15)
    history.then(
        66,
        lambda at: _acknowledge(
            world, ("law.head", "law.secretary", "library.head", "customs.head", "league.secretary", "scitech.head"), at
        ),
    )
    history.then(30, lambda at: _acknowledge(world, ("library.operator", "students.head", "teaching.head"), at))
    for days, article, text in (
        (62, 7, "视频号是微信的一部分，学校官方视频号同为一级平台。校团委自己的账号按部门账号管理，为二级平台。"),
        (50, 9, "「一周内」从变更之日的次日起算，最后一天是节假日的，顺延到下一个工作日。"),
        (23, 18, "只展示公开信息、不读取校内数据的小程序，不属于「涉及校内数据服务」。"),
    ):
        history.then(
            days,
            lambda at, article=article, text=text: regulation.publish_interpretation(  # type: ignore[misc]
                actor=world.who("office.director", at)["actor"], article=article, text=text, now=at
            ),
            11,
        )
    history.then(2, lambda at: _delegate(world, at), 8)
    for index, unit in enumerate(COMPLETE):
        history.then(74 - index, lambda at, unit=unit: file_documents(world, unit, at), 14)  # type: ignore[misc]
    soon = timezone.localdate(history.now) + timedelta(days=12)
    gone = timezone.localdate(history.moment(8))
    history.then(64, lambda at: file_documents(world, "trade", at, lacking="review_mechanism"), 14)
    history.then(63, lambda at: file_documents(world, "network", at, until=soon), 14)
    history.then(61, lambda at: file_documents(world, "exchange", at, until=gone), 14)
    _impostors(world)


def _acknowledge(world: World, people: tuple[str, ...], at: datetime) -> None:
    version = version_on(world.institution.pk, timezone.localdate(at))
    assert version is not None
    for username in people:
        actor = world.who(username, at)["actor"]
        regulation.acknowledge(actor=actor, version_id=version.version_id, now=at)


def _delegate(world: World, at: datetime) -> None:
    on = timezone.localdate(at)
    organisation.delegate(
        actor=world.who("law.head", at)["actor"],
        position_id=world.positions["law.head"].pk,
        delegate_id=world.people["law.secretary"].pk,
        starts_on=on,
        ends_on=on + timedelta(days=12),
        reason="赴外校参加教学评估",
        now=at,
    )


def _impostors(world: World) -> None:
    public = Actor.public(institution_id=world.institution.pk, institution=world.institution.code)
    received: dict[str, int] = {}

    def report(days: float, name: str, platform: str, link: str, text: str, contact: str = "") -> None:
        def take_in(at: datetime) -> None:
            made = directory.report_impostor(
                actor=public, name=name, platform=platform, link=link, text=text, contact=contact, source="", now=at
            )
            received[name] = made.pk

        world.history.then(days, take_in, 19, story=name)

    def handle(days: float, name: str, service: Callable[..., Any], **more: Any) -> None:
        world.history.then(
            days,
            lambda at: service(report_id=received[name], **more, **world.who("office.media", at)),
            10,
            story=name,
        )

    report(
        29,
        "上海海关学院招生咨询",
        "weibo",
        "https://weibo.com/n/上海海关学院招生咨询",
        "自称学校招生办，让考生加微信交「预录取保证金」。",
        "13900009999",
    )
    handle(28, "上海海关学院招生咨询", directory.check_report)
    handle(
        24,
        "上海海关学院招生咨询",
        directory.confirm_report,
        answer="核实过：不是学校的账号，学校从不收取预录取保证金。已请平台处理，并通报考生。招生信息看「招生与就业」公众号。",
    )
    report(18, "海院跳蚤市场", "wechat_subscription", "hy_tiaozao", "公众号介绍里写着学校官方授权。")
    handle(17, "海院跳蚤市场", directory.check_report)
    handle(
        15,
        "海院跳蚤市场",
        directory.dismiss_report,
        answer="核实过：是学生个人的二手交流号，没有使用校名，介绍中的「官方授权」已请本人删去。",
    )
    report(
        6, "上海海关学院图书馆借阅", "wechat_service", "shcc_libary", "要求输入学号和密码才能查借阅，页面不是图书馆的。"
    )
    handle(4, "上海海关学院图书馆借阅", directory.check_report)
    report(1, "海关学院考研辅导", "wechat_channels", "", "直播里说是和学校合办的考研班，收费 2980 元。")
