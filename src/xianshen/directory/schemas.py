"""What the public API answers. No field here holds personal data; see :mod:`xianshen.directory.listing`."""

from datetime import date, datetime

from django.utils.translation import gettext_noop as _
from ninja import Field, Schema

from xianshen.directory.listing import PublicAccount
from xianshen.directory.verifying import Verification
from xianshen.regulation.selectors import Citation


class ArticleOut(Schema):
    """An article of the regulation."""

    number: int = Field(description=_("条文序号"), examples=[8])
    label: str = Field(description=_("条文的写法"), examples=["第八条"])
    rule: str = Field(description=_("规则编号"), examples=["account.may_run"])
    url: str = Field(description=_("条文页面"), examples=["https://example.edu.cn/regulation/8/?on=2026-11-23"])

    @classmethod
    def of(cls, citation: Citation | None, origin: str) -> "ArticleOut | None":
        if citation is None:
            return None
        return cls(number=citation.article, label=citation.label, rule=citation.rule, url=f"{origin}{citation.url}")


class InstitutionOut(Schema):
    """The institution that answers."""

    code: str = Field(description=_("单位代码"), examples=["shcc"])
    name: str = Field(description=_("单位名称"), examples=["上海海关学院"])


class PlatformOut(Schema):
    """A platform type."""

    code: str = Field(description=_("平台类型代码"), examples=["wechat_subscription"])
    name: str = Field(description=_("平台类型"), examples=["微信订阅号"])
    family: str = Field(description=_("平台"), examples=["微信"])


class TierOut(Schema):
    """A tier."""

    number: int = Field(description=_("层级序号"), examples=[2])
    name: str = Field(description=_("层级"), examples=["二级"])


class StateOut(Schema):
    """State of an account, as a code and in words."""

    code: str = Field(description=_("状态代码：applied、active、suspended、closing、closed"), examples=["suspended"])
    words: str = Field(description=_("状态"), examples=["暂停：未年审"])
    reason: str = Field(description=_("暂停原因代码，没有暂停时为空"), examples=["not_reviewed"])


class MayRunOut(Schema):
    """Whether an account may run today."""

    allowed: bool = Field(description=_("现在能否运行"))
    reason: str = Field(description=_("不能运行的原因，能运行时为空"), examples=["已暂停：未年审"])
    since: date | None = Field(description=_("从哪天起不能运行"), examples=["2026-10-12"])
    article: ArticleOut | None = Field(description=_("依据条文"))


class AccountOut(Schema):
    """A listed account."""

    code: str = Field(description=_("核验码"), examples=["7KQ4-2MX9"])
    name: str = Field(description=_("新媒体名称"), examples=["海关管理系"])
    platform: PlatformOut = Field(description=_("平台类型"))
    handle: str = Field(description=_("账号 ID 或网址"), examples=["hgglx_shcc"])
    unit: str = Field(description=_("主办单位"), examples=["海关管理系"])
    tier: TierOut = Field(description=_("层级"))
    state: StateOut = Field(description=_("状态"))
    may_run: MayRunOut = Field(description=_("现在能否运行"))
    audience: list[str] = Field(description=_("服务对象"), examples=[["本单位学生"]])
    opened_on: date | None = Field(description=_("开通时间"), examples=["2019-09-12"])
    closed_on: date | None = Field(description=_("停办时间"), examples=[None])
    url: str = Field(description=_("公开页"), examples=["https://example.edu.cn/directory/accounts/7KQ4-2MX9/"])
    verify_url: str = Field(
        description=_("核验地址，即二维码内容"), examples=["https://example.edu.cn/verify/7KQ4-2MX9"]
    )

    @classmethod
    def of(cls, account: PublicAccount, path: str) -> "AccountOut":
        """Return the answer for an account.

        Args:
            account: its public side.
            path: path of its public page.
        """
        answer = account.answer
        return cls(
            code=account.code,
            name=account.name,
            platform=PlatformOut(code=account.platform, name=account.platform_name, family=account.family),
            handle=account.handle,
            unit=account.unit,
            tier=TierOut(number=account.tier, name=account.tier_name),
            state=StateOut(code=account.state, words=account.state_words, reason=account.reason),
            may_run=MayRunOut(
                allowed=answer.allowed,
                reason=answer.reason,
                since=answer.since,
                article=ArticleOut.of(account.citation, account.origin),
            ),
            audience=list(account.audience),
            opened_on=account.opened_on,
            closed_on=account.closed_on,
            url=f"{account.origin}{path}",
            verify_url=account.verify_url,
        )


class PageOut(Schema):
    """A page of the list."""

    institution: InstitutionOut = Field(description=_("名录所属单位"))
    count: int = Field(description=_("符合条件的账号数"), examples=[134])
    page: int = Field(description=_("第几页，从 1 开始"), examples=[1])
    pages: int = Field(description=_("共几页"), examples=[3])
    page_size: int = Field(description=_("每页个数"), examples=[50])
    next: str | None = Field(description=_("下一页地址"))
    previous: str | None = Field(description=_("上一页地址"))
    items: list[AccountOut] = Field(description=_("账号，按层级和名称排列"))


class VerdictOut(Schema):
    """The answer of a verification."""

    code: str = Field(
        description=_(
            "genuine 是；stopped 是，但现在不能运行；impostor 已核实为冒用；lookalike 不在名录里，容易被误认；"
            "not_listed 不在名录里"
        ),
        examples=["genuine"],
    )
    words: str = Field(description=_("结论"), examples=["是学校的账号"])


class CautionOut(Schema):
    """A reason for care."""

    code: str = Field(description=_("提醒代码"), examples=["name_is_no_proof"])
    words: str = Field(description=_("提醒"), examples=["名称可以被人照抄。再核对平台和账号 ID，都一样才是它。"])
    article: ArticleOut | None = Field(description=_("依据条文"))


class ResemblingOut(Schema):
    """A listed account that resembles what was asked for; it is not the same."""

    how: str = Field(
        description=_("相近之处代码：same、sound、one_off、contains、handle、address"), examples=["one_off"]
    )
    words: str = Field(description=_("相近之处"), examples=["只差一个字"])
    account: AccountOut = Field(description=_("名录里的账号"))


class VerificationOut(Schema):
    """What verification found."""

    institution: InstitutionOut = Field(description=_("由谁核验"))
    by: str = Field(description=_("按什么核验：url、handle、name"), examples=["handle"])
    value: str = Field(description=_("核验的内容"), examples=["hgglx_shcc"])
    listed: bool = Field(description=_("是否在名录里"))
    verdict: VerdictOut = Field(description=_("结论"))
    accounts: list[AccountOut] = Field(description=_("写法完全一致的账号，能运行的在前"))
    warnings: list[CautionOut] = Field(description=_("要留意的地方"))
    similar: list[ResemblingOut] = Field(description=_("名录里相近的账号"))
    checked_at: datetime = Field(description=_("核验时间"), examples=["2026-11-23T14:02:00+08:00"])

    @classmethod
    def of(
        cls, found: Verification, *, institution: InstitutionOut, paths: dict[str, str], origin: str, at: datetime
    ) -> "VerificationOut":
        """Return the answer of a verification.

        Args:
            found: what was found.
            institution: who answers.
            paths: path of the public page by code.
            origin: address of the installation.
            at: time of the answer.
        """
        return cls(
            institution=institution,
            by=found.by.value,
            value=found.value,
            listed=found.listed,
            verdict=VerdictOut(code=found.verdict.value, words=str(found.verdict.label)),
            accounts=[AccountOut.of(one, paths[one.code]) for one in found.accounts],
            warnings=[
                CautionOut(code=one.code.value, words=one.text, article=ArticleOut.of(one.citation, origin))
                for one in found.cautions
            ],
            similar=[
                ResemblingOut(
                    how=one.how.value,
                    words=str(one.how.label),
                    account=AccountOut.of(one.account, paths[one.account.code]),
                )
                for one in found.resembling
            ],
            checked_at=at,
        )


class ErrorOut(Schema):
    """Why there is no answer."""

    detail: str = Field(description=_("什么不对，怎么办"), examples=["url、handle、name 三个参数只用一个。"])
    rule: str = Field(default="", description=_("依据的规则编号，没有时为空"), examples=[""])
    problems: list[str] = Field(default_factory=list, description=_("逐项的问题"), examples=[[]])
