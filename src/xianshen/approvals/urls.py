from django.urls import path

from xianshen.approvals import views

app_name = "approvals"

urlpatterns = [
    path("<int:chain_id>/", views.chain_page, name="chain"),
    path("<int:chain_id>/decide/", views.decide_step, name="decide"),
    path("<int:chain_id>/withdraw/", views.withdraw_chain, name="withdraw"),
    path("<int:chain_id>/remind/", views.remind_deciders, name="remind"),
    path("steps/<int:step_id>/", views.step_page, name="step"),
    path("phrases/", views.keep_phrase, name="phrases"),
]
