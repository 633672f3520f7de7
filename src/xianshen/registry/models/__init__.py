"""What the register keeps: accounts and their custody, applications, filings, servers, sponsoring-unit files."""

from xianshen.registry.models.accounts import MediaAccount, NumberSeries
from xianshen.registry.models.applications import OpeningApplication
from xianshen.registry.models.custody import Custody, CustodyCheck, CustodyHolder, CustodyRound, Handover
from xianshen.registry.models.filings import AccountValue, Filing, LegacyUpload
from xianshen.registry.models.servers import AddressCheck, ServerAddress, ServerFiling
from xianshen.registry.models.sponsors import SponsorDocument

__all__ = [
    "AccountValue",
    "AddressCheck",
    "Custody",
    "CustodyCheck",
    "CustodyHolder",
    "CustodyRound",
    "Filing",
    "Handover",
    "LegacyUpload",
    "MediaAccount",
    "NumberSeries",
    "OpeningApplication",
    "ServerAddress",
    "ServerFiling",
    "SponsorDocument",
]
