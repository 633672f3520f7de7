"""How the demonstration's accounts are kept: servers behind data services, custody, a handover."""

from datetime import datetime, timedelta

from django.utils import timezone

from xianshen.registry import services as registry
from xianshen.registry.servers import SERVER_FILING_TYPE
from xianshen.web.demo.stories import World, sign_current


def servers(world: World) -> None:
    """Note the filings of servers: one approved, one before the approving division, one revoked."""

    def file(unit: str, account: str, at: datetime, facts: registry.ServerFacts) -> int:
        filing = registry.file_servers(
            account_id=world.account(account).pk, facts=facts, **world.who(world.operator_of(unit), at)
        )
        return filing.pk

    def seats(at: datetime) -> None:
        facts = registry.ServerFacts(
            service="阅览座位和研讨间预约",
            addresses="10.20.3.15\n10.20.3.16",
            location="数据中心机房 A 列 3 柜",
            data_kept="读者证号、预约时段、签到和违约记录。",
            personal_information="basic",
            technician_name="秦工",
            technician_mobile="13800001831",
            technician_email="lib-it@shcc.example",
        )
        filing = file("library", "图书馆座位预约", at, facts)
        sign_current(world, SERVER_FILING_TYPE, filing, "library.head", at, text="同意报科技处。")
        sign_current(world, SERVER_FILING_TYPE, filing, "scitech.head", at, text="已核对机柜和地址，同意。")

    def marks(at: datetime) -> None:
        facts = registry.ServerFacts(
            service="成绩、课表、考场查询",
            addresses="10.20.8.40\njwcx.shcc.example",
            location="数据中心机房 B 列 1 柜",
            data_kept="学号、姓名、课程、成绩、考场座位。",
            personal_information="sensitive",
            technician_name="吴工",
            technician_mobile="13800001832",
            technician_email="jwc-it@shcc.example",
        )
        filing = file("teaching", "教务查询", at, facts)
        sign_current(world, SERVER_FILING_TYPE, filing, "teaching.head", at, text="同意，请科技处审批。")

    def campus(at: datetime) -> None:
        facts = registry.ServerFacts(
            service="课表、成绩、一卡通查询",
            addresses="10.20.9.12",
            location="数据中心机房 C 列 2 柜",
            data_kept="学号、姓名、课表、成绩、消费流水。",
            personal_information="sensitive",
            technician_name="许工",
            technician_mobile="13800001833",
            technician_email="net-it@shcc.example",
        )
        filing = file("network", "海院移动校园", at, facts)
        sign_current(world, SERVER_FILING_TYPE, filing, "network.head", at, text="同意报科技处。")
        sign_current(world, SERVER_FILING_TYPE, filing, "scitech.head", at, text="同意。")
        campus_filings.append(filing)

    def moved(at: datetime) -> None:
        registry.revoke_server_filing(
            filing_id=campus_filings[0], text="服务器已迁到校外云主机，不在校园网内。", **world.who("scitech.head", at)
        )

    campus_filings: list[int] = []
    world.history.then(44, campus, 15, story="network: 海院移动校园")
    world.history.then(5, moved, 15, story="network: 海院移动校园")
    world.history.then(20, seats, 16, story="library: 图书馆座位预约")
    world.history.then(8, marks, 16, story="teaching: 教务查询")


def custody(world: World) -> None:
    """Note how some accounts are kept: in order, with gaps, and one in the middle of a handover."""

    def keep(unit: str, account: str, at: datetime, **changes: str) -> int:
        found = world.account(account)
        facts = {
            "entity_kind": "institution",
            "entity": world.institution.name,
            "bound_phone": "13800001840",
            "bound_phone_owner": "单位值班手机",
            "password_place": "单位保险柜，密封信封",
            "two_factor": "on",
            **changes,
        }
        who = world.who(world.operator_of(unit), at)
        registry.keep_custody(account_id=found.pk, facts=registry.CustodyFacts(**facts), **who)
        return found.pk

    def give(unit: str, account: int, username: str, at: datetime, role: str = "administrator") -> int:
        person = world.people[username]
        holder = registry.NewHolder(role, person.pk, "", person.mobile, timezone.localdate(at) - timedelta(days=90))
        who = world.who(world.operator_of(unit), at)
        return registry.add_custody_holder(account_id=account, holder=holder, **who).pk

    def in_order(at: datetime) -> None:
        library = keep("library", "图书馆服务", at)
        give("library", library, "library.operator", at)
        give("library", library, "library.head", at)
        law = keep("law", "法律系", at, two_factor="off", bound_phone="", bound_phone_owner="")
        given = give("law", law, "law.operator", at)
        registry.propose_handover(
            holder_id=given,
            receiver_id=world.people["law.secretary"].pk,
            receiver_mobile="",
            items="管理员权限、绑定手机、未发的两篇稿件。",
            **world.who("law.operator", at),
        )
        teaching = keep("teaching", "教务微讯", at, entity_kind="individual", entity="教务处某老师", password_place="")
        give("teaching", teaching, "teaching.operator", at)

    world.history.then(6, in_order, 10, story="custody")
