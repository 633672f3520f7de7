from django.urls import path

from xianshen.directory.views import accounts, data, handling, reports

app_name = "directory"

urlpatterns = [
    path("", accounts.account_list, name="list"),
    path("verify/", accounts.verify, name="verify"),
    path("accounts/<str:code>/", accounts.account, name="account"),
    path("accounts/<str:code>/certificate.pdf", accounts.certificate, name="certificate"),
    path("accounts.csv", data.accounts_csv, name="csv"),
    path("accounts.json", data.accounts_json, name="json"),
    path("open-data/", data.open_data, name="open_data"),
    path("api/", data.api_guide, name="api_guide"),
    path("report/", reports.report, name="report"),
    path("report/answer/", reports.look_up, name="report_look_up"),
    path("report/<str:number>/", reports.status, name="report_status"),
    path("reports/", handling.report_list, name="reports"),
    path("reports/<int:report_id>/", handling.handle, name="report_handle"),
]
