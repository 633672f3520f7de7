"""The account board: find, filter, sort, take out, remind."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from xianshen.common.components import Option
from xianshen.common.errors import PermissionDenied
from xianshen.common.forms import take_errors
from xianshen.common.language import local
from xianshen.registry import services
from xianshen.registry.enums import AccountState
from xianshen.registry.exports import MEDIA_TYPES, board_file
from xianshen.registry.forms import ReminderForm
from xianshen.registry.models import MediaAccount
from xianshen.registry.permissions import may_apply, may_export, may_manage_accounts
from xianshen.registry.selectors import accounts_visible_to, filter_board
from xianshen.registry.tables import (
    COLUMNS,
    DEFAULT_SORT,
    Board,
    BoardTable,
    board_from,
    counts_of,
    unit_options,
    view_tabs,
)
from xianshen.registry.views.shared import Asker, page_of, sole_unit
from xianshen.regulation.enums import Capability

# What the board and its exports show nothing of.
UNSHOWN = (
    "name_fold",
    "name_sound",
    "handle_fold",
    "owner_mobile",
    "owner_email",
    "second_contact_name",
    "second_contact_mobile",
    "content_scope",
    "positioning",
    "audience",
)
# Most accounts reminded by one act, so that a request stays short.
MOST_REMINDED = 500


def _board(request: HttpRequest) -> Board:
    query = request.POST if request.method == "POST" else request.GET
    return board_from(query, columns=query.getlist("col"), chosen=query.getlist("ids"))


def _found(asker: Asker, board: Board) -> QuerySet[MediaAccount]:
    """Return the accounts of the view that the person may see, in its order."""
    found = filter_board(accounts_visible_to(asker.grants), board.wanted, board.sort)
    return found.filter(pk__in=board.chosen) if board.chosen else found


def _lean(accounts: QuerySet[MediaAccount]) -> QuerySet[MediaAccount]:
    """Leave out what the board does not show; names of units are fetched once for many accounts."""
    return accounts.select_related(None).defer(*UNSHOWN)


def _table(asker: Asker, *, cite: bool) -> BoardTable:
    from xianshen.regulation.selectors import cite as citation

    return BoardTable(
        asker.institution_id,
        asker.policy,
        asker.on,
        asker.now,
        (lambda rule, on: citation(asker.institution_id, rule, on or asker.on)) if cite else None,
    )


@login_required
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Show the board."""
    asker = Asker(request)
    board = _board(request)
    visible = accounts_visible_to(asker.grants)
    counts = counts_of(visible)
    page = page_of(_lean(_found(asker, board)), request, count=None if board.filtered else counts.of(board.wanted.view))
    wide = asker.grants.has(Capability.ACCOUNTS_VIEW_ALL)
    manages = bool(may_manage_accounts(asker.grants))
    exports = not wide or bool(may_export(asker.grants))
    picks = manages or exports
    units = unit_options(asker.institution_id, asker.grants, asker.policy)
    context = {
        "board": board,
        "tabs": view_tabs(counts, board.wanted.view),
        "counts": counts,
        "page": page,
        "rows": _table(asker, cite=True).body(page.object_list, board.columns, picks=picks),
        "all_columns": COLUMNS,
        "kept": [(key, value) for key, values in request.GET.lists() for value in values if key not in {"page", "col"}],
        "platforms": [Option(one.code, local(one.name)) for one in asker.policy.platforms],
        "tiers": [Option(str(one.number), local(one.name)) for one in asker.policy.tiers],
        "units": units if len(units) > 1 else [],
        "states": [Option(one.value, one.label) for one in AccountState],
        "default_sort": DEFAULT_SORT,
        "wide": wide,
        "applies": bool(may_apply(asker.grants)),
        "sole_unit": sole_unit(asker),
        "manages": manages,
        "exports": exports,
        "picks": picks,
        "now": asker.now,
    }
    return render(request, "registry/accounts.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """Give the view as XLSX or CSV: its rows, its order, its columns; only the accounts picked, if any are."""
    asker = Asker(request)
    if asker.grants.has(Capability.ACCOUNTS_VIEW_ALL) and not (decision := may_export(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    ending = request.GET.get("format", "xlsx")
    if ending not in MEDIA_TYPES:
        ending = "xlsx"
    board = _board(request)
    accounts = _lean(_found(asker, board)).iterator(chunk_size=1000)
    content = board_file(accounts, board.columns, _table(asker, cite=False), ending=ending)
    response = HttpResponse(content, content_type=MEDIA_TYPES[ending])
    name = _("账号总表 %(date)s") % {"date": asker.on.isoformat()}
    response.headers["Content-Disposition"] = _attachment(f"{name}.{ending}", f"accounts-{asker.on}.{ending}")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _attachment(name: str, plain: str) -> str:
    """Return a Content-Disposition with the Chinese name, and a plain one for old programs."""
    encoded = urlencode({"": name}, encoding="utf-8").removeprefix("=").replace("+", "%20")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


@login_required
@require_http_methods(["GET", "POST"])
def remind(request: HttpRequest) -> HttpResponse:
    """Remind the owners of several accounts in one act: first say whom, then what."""
    asker = Asker(request)
    if not (decision := may_manage_accounts(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    board = _board(request)
    accounts = list(_found(asker, board).exclude(state=AccountState.CLOSED)[: MOST_REMINDED + 1])
    form = ReminderForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and accounts and len(accounts) <= MOST_REMINDED and form.is_valid():
        try:
            told = services.remind_owners(
                account_ids=[account.pk for account in accounts],
                institution_id=asker.institution_id,
                actor=asker.actor(Capability.ACCOUNTS_MANAGE),
                grants=asker.grants,
                text=form.cleaned_data["text"],
                now=asker.now,
            )
        except ValidationError as error:
            take_errors(form, error)
        else:
            said = ngettext("已提醒 %(n)d 个账号的负责人。", "已提醒 %(n)d 个账号的负责人。", len(told))
            messages.success(request, said % {"n": len(told)})
            return redirect(_back(request))
    without = [account for account in accounts if account.owner_id is None]
    context = {
        "form": form,
        "accounts": accounts[:MOST_REMINDED],
        "with_owner": len(accounts) - len(without),
        "without": without,
        "too_many": len(accounts) > MOST_REMINDED,
        "most": MOST_REMINDED,
        "kept": _kept(request),
        "back": _back(request),
    }
    return render(request, "registry/remind.html", context, status=422 if form.errors else 200)


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    query = request.POST if request.method == "POST" else request.GET
    hidden = {"text", "csrfmiddlewaretoken", "page", "format"}
    return [(key, value) for key, values in query.lists() for value in values if key not in hidden]


def _back(request: HttpRequest) -> str:
    pairs = [(key, value) for key, value in _kept(request) if key != "ids"]
    return f"{reverse('registry:accounts')}?{urlencode(pairs)}" if pairs else reverse("registry:accounts")
