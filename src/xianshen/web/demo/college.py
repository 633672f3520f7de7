"""Who and what the demonstration college consists of: units, positions, people, accounts.

The college is that of the regulation in ``policies/shcc``: the units that it names, and such as a college
of this kind has. People are named after the position that they hold; nobody real is meant. These texts
are data of the demonstration, not strings of the interface.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random

from pypinyin import lazy_pinyin

#: key: (kind, name, key of the unit above)
TOP: Mapping[str, tuple[str, str]] = {
    "leadership": ("school_leadership", "校领导"),
    "office": ("office", "办公室"),
    "scitech": ("sci_tech_division", "科技处"),
    "league": ("league_committee", "校团委"),
    "library": ("department", "图书馆"),
    "teaching": ("department", "教务处"),
    "students": ("department", "学生处"),
    "logistics": ("department", "后勤处"),
    "personnel": ("department", "人事处"),
    "finance": ("department", "财务处"),
    "security": ("department", "保卫处"),
    "exchange": ("department", "国际交流处"),
    "careers": ("department", "招生就业办公室"),
    "network": ("department", "信息中心"),
    "continuing": ("department", "继续教育部"),
    "union": ("department", "工会"),
    "customs": ("academic_department", "海关管理系"),
    "business": ("academic_department", "工商管理系"),
    "law": ("academic_department", "法律系"),
    "languages": ("academic_department", "外语系"),
    "trade": ("academic_department", "经济与贸易系"),
    "basics": ("academic_department", "基础部"),
}
#: academic department: word in the names of its classes
MAJORS = {"customs": "海关管理", "business": "工商管理", "law": "法律", "languages": "英语", "trade": "国际贸易"}
CLASSES = ((2023, "一"), (2024, "一"), (2024, "二"), (2025, "一"), (2026, "一"))
ORGANISATIONS = ("学生会", "研究生会", "青年志愿者协会", "大学生艺术团", "校园广播站", "学生社团联合会")
SOCIETIES = (
    "关务协会", "外语角", "模拟法庭社", "辩论队", "摄影协会", "羽毛球协会", "篮球协会", "书法协会", "读书会",
    "创业协会", "心理协会", "吉他社", "国旗护卫队", "跑步协会",
)  # fmt: skip

#: unit: positions as (kind, title, user name)
HEADS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "leadership": (("school_leader", "分管校领导", "leader"),),
    "office": (
        ("office_director", "办公室主任", "office.director"),
        ("office_media_officer", "新媒体管理岗", "office.media"),
        ("secrecy_reviewer", "保密审查人", "secrecy"),
        ("operator", "新媒体编辑", "office.operator"),
    ),
    "scitech": (("sci_tech_head", "科技处处长", "scitech.head"), ("operator", "新媒体管理员", "scitech.operator")),
    "league": (("league_secretary", "校团委书记", "league.secretary"), ("operator", "新媒体管理员", "league.operator")),
}
TITLES = {
    "library": "馆长",
    "careers": "主任",
    "network": "主任",
    "continuing": "主任",
    "union": "主席",
    "basics": "主任",
}
#: The position is there and nobody holds it: applications go to the school leader instead.
VACANT = "logistics"


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """A position and the person who holds it.

    Args:
        unit: key of the unit.
        kind: kind of position.
        title: its title.
        username: sign-in name of the holder; "" for a vacant position.
        since: first day of the appointment.
    """

    unit: str
    kind: str
    title: str
    username: str
    since: date


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A unit: key, kind, name and the key of the unit above."""

    key: str
    kind: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """An account that ran before the platform came."""

    unit: str
    name: str
    platform: str
    handle: str
    opened_on: date
    scope: str
    positioning: str
    audience: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    """Everything that is set up before the history begins."""

    units: list[UnitPlan] = field(default_factory=list)
    seats: list[SeatPlan] = field(default_factory=list)
    accounts: list[AccountPlan] = field(default_factory=list)


def person_name(unit: str, kind: str, seat: SeatPlan) -> str:
    """Return what the holder of a position is called: unit and role, as short as people say it."""
    if unit in seat.title or seat.kind == "school_leader":
        return seat.title
    if kind == "class":
        unit = f"{unit[2:4]}{unit.removeprefix(unit[:4]).removeprefix('级')}"
    title = "管理员" if seat.kind == "operator" else seat.title
    return f"{unit}{title.removeprefix('系') if unit.endswith('系') else title}"


#: Who can sign in: user name → role as it is announced.
SIGN_INS: Mapping[str, str] = {
    "office.media": "办公室新媒体管理岗：账号、报备、举报、单位与人员",
    "office.director": "办公室主任：签校办公室意见",
    "leader": "分管校领导：空缺和办公室自己的申请",
    "law.operator": "法律系管理员：提出申请",
    "law.head": "法律系系主任：签所在部门意见（在委托中）",
    "law.secretary": "法律系党总支书记：审批班级账号，受系主任委托",
    "library.operator": "图书馆管理员：提出申请",
    "library.head": "图书馆馆长：签所在部门意见",
    "class.operator": "2024级法律一班管理员：三级平台申请",
    "society.operator": "关务协会管理员：三级平台申请",
    "league.secretary": "校团委书记：审批团学组织、社团账号",
    "scitech.head": "科技处处长：审批校内数据服务的服务器",
    "secrecy": "保密审查人",
}

_AUDIENCES = {
    "office": ("public", "students", "staff"),
    "department": ("students", "staff"),
    "academic_department": ("unit_students", "alumni", "applicants"),
    "class": ("unit_students",),
    "society": ("students",),
}


def class_key(major: str, year: int, number: str) -> str:
    return f"{major}-{year}-{'1' if number == '一' else '2'}"


def build_plan(today: date) -> Plan:
    """Return the college as it stood when the regulation came.

    Args:
        today: the day of the demonstration, from which years are reckoned.
    """
    plan = Plan()
    _units(plan)
    _seats(plan, today)
    plan.accounts = [*_school_accounts(today), *_unit_accounts(today), *_third_tier_accounts(plan, today)]
    return plan


def _units(plan: Plan) -> None:
    plan.units = [UnitPlan(key, kind, name) for key, (kind, name) in TOP.items()]
    for major, word in MAJORS.items():
        for year, number in CLASSES:
            name = f"{year}级{word}{number}班"
            plan.units.append(UnitPlan(class_key(major, year, number), "class", name, major))
    for index, name in enumerate(ORGANISATIONS, 1):
        plan.units.append(UnitPlan(f"org-{index:02}", "student_organisation", name, "league"))
    for index, name in enumerate(SOCIETIES, 1):
        plan.units.append(UnitPlan(f"soc-{index:02}", "society", name, "league"))


def _seats(plan: Plan, today: date) -> None:
    since = date(today.year - 3, 9, 1)
    for unit in plan.units:
        if unit.key in HEADS:
            plan.seats += [SeatPlan(unit.key, kind, title, name, since) for kind, title, name in HEADS[unit.key]]
        elif unit.kind in {"department", "academic_department"}:
            title = TITLES.get(unit.key, "系主任" if unit.kind == "academic_department" else "处长")
            holder = "" if unit.key == VACANT else f"{unit.key}.head"
            plan.seats.append(SeatPlan(unit.key, "unit_head", title, holder, since))
            if unit.kind == "academic_department":
                seat = SeatPlan(unit.key, "party_branch_secretary", "党总支书记", f"{unit.key}.secretary", since)
                plan.seats.append(seat)
            plan.seats.append(SeatPlan(unit.key, "operator", "新媒体管理员", f"{unit.key}.operator", since))
        else:
            known = {class_key("law", 2024, "一"): "class.operator", "soc-01": "society.operator"}
            name = known.get(unit.key, f"{unit.key}.operator")
            plan.seats.append(SeatPlan(unit.key, "operator", "新媒体管理员", name, date(today.year - 1, 9, 1)))


def _account(
    unit: str, name: str, platform: str, handle: str, opened: date, scope: str, positioning: str, audience: str
) -> AccountPlan:
    return AccountPlan(unit, name, platform, handle, opened, scope, positioning, _AUDIENCES[audience])


def _school_accounts(today: date) -> Iterator[AccountPlan]:
    news = "学校新闻、重大通知、教学科研成果和校园活动，回应师生和社会关切。"
    face = "学校对外的官方声音，其他账号转发它的信息。"
    for platform, handle, year in (
        ("weibo", "上海海关学院", 12),
        ("wechat_subscription", "shcc_edu", 10),
        ("wechat_service", "shcc_fuwu", 7),
    ):
        name = "上海海关学院服务" if platform == "wechat_service" else "上海海关学院"
        yield _account("office", name, platform, handle, date(today.year - year, 5, 4), news, face, "office")


#: unit: (name, platform, handle, years ago, scope)
_UNIT_ACCOUNTS: tuple[tuple[str, str, str, str, int, str], ...] = (
    ("library", "图书馆服务", "wechat_subscription", "shcc_library", 9, "开馆通知、数据库培训、借阅规则和阅读推广。"),
    ("library", "海院图书馆", "weibo", "海院图书馆", 11, "图书馆公告和失物招领。"),
    ("teaching", "教务微讯", "wechat_subscription", "shcc_jiaowu", 8, "选课、考试、学籍和教学安排的通知。"),
    ("students", "学生事务中心", "wechat_subscription", "shcc_xsc", 7, "奖助贷补、宿舍和日常事务办理。"),
    ("students", "辅导员说", "wechat_channels", "辅导员说", 3, "辅导员的短视频：心理、学业和生活提醒。"),
    ("logistics", "后勤服务", "wechat_service", "shcc_houqin", 6, "报修、食堂、班车和水电停供通知。"),
    ("personnel", "人才招聘在线", "wechat_subscription", "shcc_hr", 5, "教师招聘公告和人事政策解读。"),
    ("finance", "财务之窗", "wechat_subscription", "shcc_caiwu", 4, "报销须知、缴费通知和财务制度。"),
    ("security", "平安海院", "wechat_subscription", "shcc_baowei", 6, "防诈骗提醒、交通管制和消防安全。"),
    ("security", "平安校园提示", "weibo", "平安校园提示", 10, "校园安全提示和失物招领。"),
    ("exchange", "海院国际", "wechat_subscription", "shcc_global", 5, "交换项目、留学生事务和外事活动。"),
    ("exchange", "SHCC Global", "other", "shcc.global", 2, "面向境外学生的英文介绍和活动。"),
    ("careers", "招生与就业", "wechat_subscription", "shcc_zsjy", 9, "招生章程、录取查询、就业信息和宣讲会。"),
    ("careers", "海院招生", "weibo", "海院招生", 12, "招生政策和咨询答疑。"),
    ("network", "网络服务台", "wechat_service", "shcc_it", 4, "校园网、邮箱和信息系统的使用与故障通告。"),
    ("network", "海院移动校园", "app", "cn.example.shcc.campus", 5, "课表、成绩、一卡通和通知的移动入口。"),
    ("continuing", "继续教育在线", "wechat_subscription", "shcc_jxjy", 6, "成人教育、关务培训班和证书考试。"),
    ("union", "教工之家", "wechat_subscription", "shcc_gonghui", 5, "教职工活动、福利和权益。"),
    ("scitech", "科研动态", "wechat_subscription", "shcc_keji", 4, "项目申报、学术讲座和成果。"),
    ("league", "青春海院", "wechat_subscription", "shcc_youth", 10, "团学活动、志愿服务和青年榜样。"),
    ("league", "青春海院微博", "weibo", "青春海院", 12, "团学活动预告和回顾。"),
    ("league", "青春海院视频号", "wechat_channels", "青春海院", 3, "团学活动的短视频。"),
    ("customs", "海关管理系", "wechat_subscription", "hgglx_shcc", 7, "关务专业建设、行业资讯和学生风采。"),
    ("customs", "关务课堂", "wechat_channels", "关务课堂", 2, "报关实务的短课。"),
    ("business", "工商管理系", "wechat_subscription", "gsglx_shcc", 6, "专业建设、案例大赛和实习信息。"),
    ("law", "法律系", "wechat_subscription", "flx_shcc", 7, "法学教育、学术讲座和学生事务。"),
    ("law", "海关法讲堂", "weibo", "海关法讲堂", 6, "海关法律法规的解读和普法活动。"),
    ("languages", "外语系", "wechat_subscription", "wyx_shcc", 6, "专业学习、竞赛和国际交流。"),
    ("trade", "经济与贸易系", "wechat_subscription", "jmx_shcc", 6, "国际贸易资讯、学科竞赛和实习基地。"),
    ("trade", "贸易观察", "weibo", "贸易观察_海院", 8, "贸易政策解读和数据。"),
    ("basics", "基础部", "wechat_subscription", "jcb_shcc", 3, "公共课程、数学建模和体育活动。"),
)


def _unit_accounts(today: date) -> Iterator[AccountPlan]:
    for index, (unit, name, platform, handle, years, scope) in enumerate(_UNIT_ACCOUNTS):
        kind = "academic_department" if TOP[unit][0] == "academic_department" else "department"
        opened = date(today.year - years, 1 + index * 5 % 12, 1 + index * 7 % 28)
        yield _account(unit, name, platform, handle, opened, scope, f"{TOP[unit][1]}面向服务对象的信息窗口。", kind)


_SECOND = ("在线", "小站", "日记", "播报")
_SOCIETY_SCOPES = ("活动预告和回顾、招新、成员作品。", "练习安排、比赛消息和成员风采。", "分享会、讲座和学习资料。")


def _third_tier_accounts(plan: Plan, today: date) -> Iterator[AccountPlan]:
    chance = Random(20260901)
    platforms = ("wechat_subscription", "qq", "wechat_subscription", "weibo", "wechat_channels")
    for index, unit in enumerate(one for one in plan.units if one.kind == "class"):
        year = int(unit.name[:4])
        if year >= today.year or unit.key == class_key("law", 2024, "一"):
            continue
        platform = ("qq", "wechat_subscription")[index % 2]
        yield _account(
            unit.key,
            f"{unit.name}之家" if index % 3 else unit.name,
            platform,
            _handle(platform, unit.name, f"{_initials(unit.name)}{year}", chance),
            date(year, 9, 10 + index % 18),
            "班级通知、学习资料和班级活动。",
            "本班同学自己的信息园地。",
            "class",
        )
    clubs = [one for one in plan.units if one.kind in {"student_organisation", "society"}]
    for index, unit in enumerate(clubs):
        names = [(unit.name, "wechat_subscription")]
        if index % 2 == 0:
            names.append((f"{unit.name}{_SECOND[index // 2 % len(_SECOND)]}", platforms[index % len(platforms)]))
        if index % 5 == 0:
            names.append((f"海院{unit.name}", "weibo"))
        for place, (name, platform) in enumerate(names):
            opened = date(today.year - 1 - (index * 3 + place) % 8, 3 + index % 9, 1 + index % 27)
            handle = _handle(platform, name, _initials(name), chance)
            scope = _SOCIETY_SCOPES[index % len(_SOCIETY_SCOPES)]
            yield _account(unit.key, name, platform, handle, opened, scope, f"{unit.name}的活动园地。", "society")


def _handle(platform: str, name: str, word: str, chance: Random) -> str:
    if platform == "qq":
        return str(chance.randrange(300_000_000, 999_999_999))
    if platform in {"weibo", "wechat_channels"}:
        return name if len(name) >= 4 else f"海院{name}"
    return f"{word}_shcc"[:20]


def _initials(name: str) -> str:
    """Return the first letters of a name's syllables: 摄影协会 → syxh."""
    return "".join(word[0] for word in lazy_pinyin(name, errors="ignore"))
