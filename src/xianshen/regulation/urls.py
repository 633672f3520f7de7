from django.urls import path

from xianshen.regulation import views

app_name = "regulation"
urlpatterns = [
    path("", views.current, name="current"),
    path("articles/<int:number>/", views.article, name="article"),
    path("articles/<int:number>/interpretations/", views.interpret, name="interpret"),
    path("versions/<int:version_id>/", views.version, name="version"),
    path("versions/<int:version_id>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("versions/<int:version_id>/readers/", views.readers, name="readers"),
    path("compare/", views.compare, name="compare"),
    path("map/", views.article_map, name="map"),
]
