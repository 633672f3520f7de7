"""A college in late autumn with accounts that run, and short ways to lead a review through its life."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support.college import College, build_college
from xianshen.approvals.enums import Verdict
from xianshen.approvals.models import ApprovalChain
from xianshen.approvals.selectors import rounds_of
from xianshen.assessment import services
from xianshen.assessment.models import AnnualReview, ReviewCampaign
from xianshen.assessment.selectors import REVIEW_TYPE, review_of
from xianshen.common.actors import Actor
from xianshen.registry import services as registry
from xianshen.registry.enums import AccountState
from xianshen.registry.models import MediaAccount
from xianshen.registry.services.accounts import AccountFacts, Registration

CHINA = ZoneInfo("Asia/Shanghai")
AUTUMN = datetime(2026, 11, 16, 9, 0, tzinfo=CHINA)
DUE = date(2026, 12, 30)
CSV = "推送日期,标题,链接,点击量,转发量\n2026-03-08,开学第一课,https://mp.weixin.qq.com/s/a,1284,37\n2026-06-19,端午放假通知,,960,12\n2026-09-10,教师节,,2048,88\n"


@dataclass
class Reviewing:
    """The college while it reviews its accounts."""

    college: College

    @property
    def now(self) -> datetime:
        return self.college.now

    @now.setter
    def now(self, moment: datetime) -> None:
        self.college.now = moment

    def wait(self, **span: float) -> datetime:
        self.college.now += timedelta(**span)
        return self.college.now

    def at(self, *parts: int) -> datetime:
        self.college.now = datetime(*parts, tzinfo=CHINA)  # type: ignore[arg-type]
        return self.college.now

    def account(
        self,
        name: str = "法律系",
        *,
        unit: str = "law",
        owner: str | None = "operator",
        platform: str = "wechat_subscription",
        opened_on: date | None = date(2024, 3, 1),
        state: AccountState = AccountState.ACTIVE,
        reason: str = "",
    ) -> MediaAccount:
        """Enter an account that runs."""
        person = self.college.people[owner] if owner else None
        facts = AccountFacts(
            unit=self.college.units[unit],
            name=name,
            platform=platform,
            handle=f"h{MediaAccount.objects.count():05}",
            owner=person,
            owner_name=person.name if person else "",
            owner_mobile="13916392047",
            owner_email="flx@example.edu.cn",
            content_scope="专业建设、讲座预告。",
            opened_on=opened_on,
        )
        institution = self.college.institution
        actor = Actor.system(institution_id=institution.pk, institution=institution.code)
        return registry.register_accounts(
            actor=actor, grants=None, registrations=[Registration(facts, state, reason)], now=self.now
        )[0]

    def open(self, year: int = 2026) -> ReviewCampaign:
        return services.open_campaign(year=year, **self.college.who("media"))

    def review(self, account: MediaAccount) -> AnnualReview:
        found = AnnualReview.objects.filter(account=account).order_by("-campaign__year").first()
        assert found is not None
        return review_of(found.institution_id, found.pk)

    def upload(self, content: bytes | str = CSV, name: str = "清单.csv") -> SimpleUploadedFile:
        return SimpleUploadedFile(name, content.encode("utf-8-sig") if isinstance(content, str) else content)

    def fill(self, account: MediaAccount, role: str = "operator", **values: Any) -> AnnualReview:
        """Hand in a list and fill in the rest; values replace those of a correct form."""
        who = self.college.who(role)
        review = self.review(account)
        services.store_push_list(review_id=review.pk, upload=self.upload(), **who)
        review = self.review(account)
        filled = {"followers_total": 3210, "violations": "无", **values}
        return services.save_review(review_id=review.pk, revision=review.revision, values=filled, reasons={}, **who)

    def fill_more(self, account: MediaAccount) -> AnnualReview:
        """Write what a form needs that comes again."""
        review = self.review(account)
        return services.save_review(
            review_id=review.pk,
            revision=review.revision,
            values={"statement": "改好了。"},
            reasons={},
            **self.college.who("operator"),
        )

    def submit(self, account: MediaAccount, role: str = "operator") -> ApprovalChain:
        review = self.review(account)
        services.submit_review(review_id=review.pk, revision=review.revision, **self.college.who(role))
        return self.chain(account)

    def handed_in(self, account: MediaAccount, role: str = "operator", **values: Any) -> ApprovalChain:
        self.fill(account, role, **values)
        return self.submit(account, role)

    def chain(self, account: MediaAccount) -> ApprovalChain:
        review = self.review(account)
        return rounds_of(review.institution_id, REVIEW_TYPE, str(review.pk))[0]

    def decide(
        self, account: MediaAccount, role: str, verdict: Verdict = Verdict.AGREE, text: str = "", **further: Any
    ) -> ApprovalChain:
        return self.college.decide(self.chain(account), role, verdict, text, further=further)

    def passed(self, account: MediaAccount, role: str = "operator", head: str = "head") -> AnnualReview:
        """Lead a review to 合格."""
        self.handed_in(account, role)
        self.decide(account, head)
        self.decide(account, "director", result="passed")
        return self.review(account)


@pytest.fixture
def reviewing(db: None) -> Reviewing:
    """Return the college on 16 November 2026."""
    return Reviewing(build_college(AUTUMN))


@pytest.fixture
def run_clocks(reviewing: Reviewing) -> Callable[[datetime], Any]:
    """Return a function that carries out what is due at a moment."""
    from xianshen.clocks.services import run_due

    def run(moment: datetime) -> Any:
        reviewing.now = moment
        return run_due(moment)

    return run
