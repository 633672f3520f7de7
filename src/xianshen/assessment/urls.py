from django.urls import path

from xianshen.assessment.views import board, editing, lists, reports, reviews, signing, summary

app_name = "assessment"

urlpatterns = [
    path("reviews/", board.board, name="board"),
    path("reviews/open/", board.open_year, name="open"),
    path("reviews/close/", board.close_year, name="close"),
    path("reviews/remind/", board.remind, name="remind"),
    path("reviews/export/", board.export, name="export"),
    path("reviews/sign/", signing.sign, name="sign"),
    path("reviews/mine/", reviews.mine, name="mine"),
    path("reviews/list-template/", lists.template, name="list_template"),
    path("reviews/summary/", summary.page, name="summary"),
    path("reviews/summary.<slug:ending>", summary.download, name="summary_file"),
    path("reviews/reports/", reports.report_list, name="reports"),
    path("reviews/reports/new/<int:unit_id>/", reports.new, name="report_new"),
    path("reviews/reports/<int:report_id>/", reports.report_page, name="report"),
    path("reviews/reports/<int:report_id>/<slug:act>/", reports.settle, name="report_settle"),
    path("reviews/<int:review_id>/", reviews.review_page, name="review"),
    path("reviews/<int:review_id>/paper/", reviews.paper_page, name="paper"),
    path("reviews/<int:review_id>/posts/", lists.posts, name="posts"),
    path("reviews/<int:review_id>/edit/", editing.edit, name="edit"),
    path("reviews/<int:review_id>/save/", editing.save, name="save"),
    path("reviews/<int:review_id>/submit/", editing.submit, name="submit"),
    path("reviews/<int:review_id>/list/", lists.store, name="list_store"),
    path("reviews/<int:review_id>/list/preview/", lists.preview, name="list_preview"),
    path("reviews/<int:review_id>/list/recorded/", lists.recorded, name="list_recorded"),
    path("reviews/<int:review_id>/list/remove/", lists.remove, name="list_remove"),
]
