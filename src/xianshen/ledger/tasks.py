"""What the passing of time does in the ledger: it signs checkpoints."""

import logging
from datetime import datetime, timedelta

from xianshen.common.ticks import tick
from xianshen.ledger.checkpoints import BrokenChain, institutions_to_checkpoint, take_checkpoint

logger = logging.getLogger(__name__)


@tick("ledger.checkpoint", every=timedelta(hours=1))
def sign_checkpoints(now: datetime) -> None:
    """Sign where every institution's chain ends; a chain that does not verify stays unsigned and is reported."""
    for institution in institutions_to_checkpoint():
        try:
            take_checkpoint(institution=institution, now=now)
        except BrokenChain as broken:
            logger.error("the ledger does not verify, no checkpoint was signed: %s", broken)
