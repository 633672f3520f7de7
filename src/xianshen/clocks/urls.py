from django.urls import path

from xianshen.clocks import views

app_name = "clocks"

urlpatterns = [
    path("clocks/", views.board, name="board"),
    path("clocks/export/", views.export, name="export"),
    path("clocks/<int:deadline_id>/", views.deadline_page, name="deadline"),
    path("me/calendar/", views.my_calendar, name="my_calendar"),
    path("calendar/<str:secret>.ics", views.feed, name="feed"),
]
