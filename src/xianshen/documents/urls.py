from django.urls import path, re_path

from xianshen.documents import views

app_name = "documents"

CODE = r"(?P<code>[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})"

urlpatterns = [
    path("verify/", views.verify, name="verify"),
    path("verify/<path:code>", views.verify_code, name="verify_code"),
    re_path(rf"^documents/{CODE}\.pdf$", views.document_pdf, name="pdf"),
    re_path(rf"^documents/{CODE}\.docx$", views.document_docx, name="docx"),
    re_path(rf"^documents/{CODE}/withdraw$", views.withdraw, name="withdraw"),
    re_path(r"^documents/blank/(?P<form_code>[a-z0-9_]+)\.(?P<ending>pdf|docx)$", views.blank_form, name="blank"),
    path("documents/attachments/<int:pk>/", views.attachment, name="attachment"),
]
