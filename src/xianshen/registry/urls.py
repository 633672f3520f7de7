from django.urls import path

from xianshen.registry.views import account, accounts, applications, custody, editing, servers, sponsors

app_name = "registry"

urlpatterns = [
    path("applications/", applications.application_list, name="applications"),
    path("applications/new/", applications.new_application, name="application_new"),
    path("applications/<int:application_id>/", applications.application_page, name="application"),
    path("applications/<int:application_id>/paper/", applications.paper_page, name="application_paper"),
    path("applications/<int:application_id>/edit/", editing.edit, name="application_edit"),
    path("applications/<int:application_id>/save/", editing.save, name="application_save"),
    path("applications/<int:application_id>/submit/", editing.submit, name="application_submit"),
    path("applications/<int:application_id>/discard/", editing.discard, name="application_discard"),
    path("applications/<int:application_id>/attachments/", editing.attach, name="application_attachments"),
    path(
        "applications/<int:application_id>/attachments/<int:attachment_id>/remove/",
        editing.detach,
        name="application_detach",
    ),
    path("accounts/", accounts.board, name="accounts"),
    path("accounts/export/", accounts.export, name="accounts_export"),
    path("accounts/remind/", accounts.remind, name="accounts_remind"),
    path("accounts/<int:account_id>/", account.account_page, name="account"),
    path("accounts/<int:account_id>/contact/", account.show_contact, name="account_contact"),
    path("accounts/<int:account_id>/custody/", custody.custody_page, name="custody"),
    path("accounts/<int:account_id>/custody/holders/", custody.add_holder, name="custody_add"),
    path("accounts/<int:account_id>/servers/", servers.file_servers, name="server_file"),
    path("accounts/<int:account_id>/<slug:act>/", account.change, name="account_change"),
    path("custody/", custody.custody_board, name="custody_board"),
    path("custody/open/", custody.open_round, name="custody_open"),
    path("custody/holders/<int:holder_id>/end/", custody.end_holder, name="custody_end"),
    path("custody/holders/<int:holder_id>/handover/", custody.propose_handover, name="handover_propose"),
    path("custody/handovers/<int:handover_id>/confirm/", custody.confirm_handover, name="handover_confirm"),
    path("custody/handovers/<int:handover_id>/end/", custody.end_handover, name="handover_end"),
    path("custody/checks/<int:check_id>/answer/", custody.answer_check, name="custody_answer"),
    path("servers/", servers.server_list, name="servers"),
    path("servers/<int:filing_id>/", servers.server_page, name="server_filing"),
    path("servers/<int:filing_id>/edit/", servers.edit_servers, name="server_edit"),
    path("servers/<int:filing_id>/recheck/", servers.recheck, name="server_recheck"),
    path("servers/<int:filing_id>/revoke/", servers.revoke, name="server_revoke"),
    path("sponsor-files/", sponsors.file_list, name="files"),
    path("sponsor-files/<int:unit_id>/", sponsors.file_page, name="file"),
    path("sponsor-files/documents/<int:document_id>/retire/", sponsors.retire, name="file_retire"),
]
