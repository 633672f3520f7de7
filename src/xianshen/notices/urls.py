from django.urls import path

from xianshen.notices.views import office, own

app_name = "notices"

urlpatterns = [
    path("me/notices/", own.preferences, name="preferences"),
    path("me/notices/test/", own.own_test, name="own_test"),
    path("notices/deliveries/", office.delivery_list, name="deliveries"),
    path("notices/deliveries/resend/", office.resend_all, name="resend_all"),
    path("notices/deliveries/<int:pk>/", office.delivery_page, name="delivery"),
    path("notices/deliveries/<int:pk>/resend/", office.delivery_resend, name="resend"),
    path("notices/channels/", office.channel_list, name="channels"),
    path("notices/channels/new/", office.robot_new, name="robot_new"),
    path("notices/channels/<int:pk>/", office.robot_edit, name="robot"),
    path("notices/channels/<int:pk>/remove/", office.robot_remove, name="robot_remove"),
    path("notices/channels/<int:pk>/test/", office.robot_test, name="robot_test"),
    path("notices/wordings/", office.wording_list, name="wordings"),
    path("notices/wordings/<str:kind>/<str:channel>/<str:language>/", office.wording_edit, name="wording"),
    path("notices/outbox/", office.outbox, name="outbox"),
    path("notices/outbox/<int:pk>/", office.kept_page, name="kept"),
]
