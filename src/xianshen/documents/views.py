"""Downloads, blank forms, withdrawing, and public verification."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from csp.decorators import csp_exempt
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from xianshen.common.codes import normalise_code
from xianshen.common.errors import PermissionDenied, Refusal
from xianshen.documents import files, selectors, services, verification
from xianshen.documents.enums import DocumentState, FileType
from xianshen.documents.forms import CheckFileForm, WithdrawForm
from xianshen.documents.models import Attachment, IssuedDocument
from xianshen.documents.permissions import may_read, may_withdraw
from xianshen.organisation.selectors import Grants, actor_for, institution_for_host
from xianshen.regulation.schema import FormSpec, NotInPolicy
from xianshen.regulation.selectors import policy_on

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

PRIVATE = cache_control(private=True, no_store=True)


class FileUnavailable(Refusal):
    """The stored file is gone or damaged (HTTP 503); only a backup helps."""

    status = 503


def _grants(request: HttpRequest) -> Grants:
    return request.grants  # type: ignore[attr-defined]


def _person(request: HttpRequest) -> "Person":
    return request.user  # type: ignore[return-value]


def _readable(request: HttpRequest, found: IssuedDocument | Attachment | None) -> None:
    """Refuse what the person may not read: a stranger's file does not exist for them.

    Raises:
        Http404: not there, or of another institution.
        PermissionDenied: of their institution, but not theirs to read.
    """
    if found is None or found.institution_id != _person(request).institution_id:
        raise Http404
    permission = may_read(found, _grants(request))
    if not permission:
        raise PermissionDenied.from_denied(permission)


def _document(request: HttpRequest, code: str) -> IssuedDocument:
    document = selectors.document_by_code(code)
    _readable(request, document)
    assert document is not None
    return document


def _stored(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except (files.FileMissing, files.FileDamaged) as error:
        raise FileUnavailable(_("文件不在存放处，或者已经损坏。告诉系统管理员从备份恢复。")) from error


def _file(content: bytes, name: str, media_type: str, *, inline: bool = False) -> FileResponse:
    response = FileResponse(BytesIO(content), as_attachment=not inline, filename=name, content_type=media_type)
    response["Content-Length"] = str(len(content))
    return response


@require_GET
@login_required
@PRIVATE
@csp_exempt()  # type: ignore[arg-type] # reason: its stub knows only views without arguments
def document_pdf(request: HttpRequest, code: str) -> HttpResponseBase:
    """The signed PDF, shown in the browser. Made at once if the worker has not come to it yet."""
    document = services.ensure_rendered(document=_document(request, code), now=timezone.now())
    if not document.digest:
        raise Http404
    content = _stored(lambda: selectors.signed_pdf(document))
    return _file(content, _name(document, "pdf"), FileType.PDF.media_type, inline="download" not in request.GET)


@require_GET
@login_required
@PRIVATE
def document_docx(request: HttpRequest, code: str) -> HttpResponseBase:
    """The same form as DOCX, without signature."""
    document = _document(request, code)
    return _file(selectors.docx_of(document), _name(document, "docx"), FileType.DOCX.media_type)


def _name(document: IssuedDocument, ending: str) -> str:
    state = _("已撤回") + " " if document.state == DocumentState.WITHDRAWN else ""
    return f"{state}{document.form_title} {document.title} {document.code}.{ending}".replace("/", "／")


@require_GET
@csp_exempt()  # type: ignore[arg-type] # reason: its stub knows only views without arguments
def blank_form(request: HttpRequest, form_code: str, ending: str) -> HttpResponseBase:
    """A form of the policy in force, to be filled in by hand; for everybody."""
    form = _form(request, form_code)
    name = _("%(number)s %(title)s（空表）") % {"number": form.number, "title": form.title}
    if ending == FileType.PDF:
        return _file(selectors.blank_pdf(form), f"{name}.pdf", FileType.PDF.media_type, inline=True)
    return _file(selectors.blank_docx(form), f"{name}.docx", FileType.DOCX.media_type)


def _form(request: HttpRequest, form_code: str) -> FormSpec:
    user = request.user
    institution_id = user.institution_id if user.is_authenticated else None
    if institution_id is None:
        institution = institution_for_host(request.get_host().split(":")[0])
        if institution is None:
            raise Http404
        institution_id = institution.pk
    try:
        return policy_on(institution_id, timezone.localdate()).form(form_code)
    except NotInPolicy as error:
        raise Http404 from error


@require_GET
@login_required
@PRIVATE
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """An attachment, always as a download: what people upload is never shown as a page of this site."""
    found = Attachment.objects.filter(pk=pk, removed_at__isnull=True).first()
    _readable(request, found)
    assert found is not None
    return _file(_stored(lambda: files.read(found.digest)), found.name, found.media_type)


@require_http_methods(["GET", "POST"])
@login_required
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Withdraw an issued document."""
    document = _document(request, code)
    permission = may_withdraw(document, _grants(request))
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        services.withdraw_document(
            actor=actor_for(_person(request), timezone.localdate(now)),
            document=document,
            reason=form.cleaned_data["reason"],
            now=now,
            grants=_grants(request),
        )
        messages.success(request, _("已撤回。以后核验 %(code)s 会显示已撤回。") % {"code": document.code})
        back = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
            return redirect(back)
        return redirect("documents:withdraw", code=document.code)
    open_ = document.state != DocumentState.WITHDRAWN
    context = {"document": document, "form": form, "permission": permission, "open": open_}
    return render(request, "documents/withdraw.html", context)


@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a file; say what the file is."""
    if request.method == "POST":
        return _check_file(request)
    typed = request.GET.get("code", "").strip()
    if not typed:
        return _verification(request)
    code = normalise_code(typed)
    if not code:
        return _verification(request, typed=typed, unknown=True, status=404)
    return redirect("documents:verify_code", code=code)


def _check_file(request: HttpRequest) -> HttpResponse:
    """Say what an uploaded file is, unless its address has had too many looked at."""
    now = timezone.now()
    form = CheckFileForm(request.POST, request.FILES)
    institution = request.institution  # type: ignore[attr-defined]
    try:
        if institution:
            services.begin_check(institution_id=institution.pk, source=_source_of(request), now=now)
    except services.TooManyChecks as refused:
        form.is_valid()
        form.errors.clear()
        form.add_error(None, refused)
        response = _verification(request, form=form, status=429)
        response["Retry-After"] = str(refused.wait)
        return response
    card = verification.check_file(form.cleaned_data["file"], now) if form.is_valid() else None
    return _verification(request, form=form, card=card)


def _source_of(request: HttpRequest) -> str:
    """Return a keyed digest of the address for today: it tells repeats apart and cannot be turned back."""
    value = f"{timezone.localdate():%Y-%m-%d}:{get_adapter().get_client_ip(request)}"
    return salted_hmac("xianshen.documents.check", value, algorithm="sha256").hexdigest()


@require_GET
def verify_code(request: HttpRequest, code: str) -> HttpResponse:
    """Say what a code stands for."""
    standard = normalise_code(code)
    if standard and standard != code:
        return redirect("documents:verify_code", code=standard)
    card = verification.look_up(code, timezone.now())
    if card is None:
        return _verification(request, typed=code, unknown=True, status=404)
    return _verification(request, typed=code, card=card)


def _verification(request: HttpRequest, *, status: int = 200, **found: Any) -> HttpResponse:
    context = {"form": CheckFileForm(), "card": None, "typed": "", "unknown": False, **found}
    return render(request, "documents/verify.html", context, status=status)
