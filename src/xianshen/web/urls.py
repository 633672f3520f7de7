from django.urls import path

from xianshen.web.views import frame, gallery, ledger, notices, search, workbench

app_name = "web"

urlpatterns = [
    path("", workbench.workbench, name="workbench"),
    path("submitted/", workbench.submitted, name="submitted"),
    path("done/", workbench.done, name="done"),
    path("search/", search.search_page, name="search"),
    path("notices/", notices.notice_list, name="notices"),
    path("notices/read/", notices.read_all, name="notices_read"),
    path("notices/<int:pk>/", notices.open_notice, name="notice_open"),
    path("ledger/", ledger.ledger_page, name="ledger"),
    path("ledger/<str:subject_type>/<str:subject_id>/", ledger.record_page, name="ledger_record"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("continue/", frame.continue_form, name="continue"),
    path("language/", frame.language, name="language"),
    path("healthz", frame.healthz, name="healthz"),
]
