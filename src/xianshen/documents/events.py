from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

DOCUMENT_ISSUED = declare_event(
    "documents.document_issued", keys=("code", "form"), label=_("签发%(form)s，核验码 %(code)s")
)
DOCUMENT_SIGNED = declare_event(
    "documents.document_signed",
    keys=("code", "digest", "unsigned_digest"),
    label=_("生成并签名，核验码 %(code)s"),
)
DOCUMENT_WITHDRAWN = declare_event(
    "documents.document_withdrawn", keys=("code", "reason"), label=_("撤回已签发的表单，核验码 %(code)s")
)
ATTACHMENT_STORED = declare_event(
    "documents.attachment_stored", keys=("name", "kind", "size", "digest"), label=_("上传附件：%(name)s")
)
ATTACHMENT_REMOVED = declare_event(
    "documents.attachment_removed", keys=("name", "digest"), label=_("移除附件：%(name)s")
)
