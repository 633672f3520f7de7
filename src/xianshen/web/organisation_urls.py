"""Addresses of the organisation's administration and of everybody's delegations."""

from django.urls import path

from xianshen.web.views.organisation import delegations, imports, people, units

app_name = "organisation"

urlpatterns = [
    path("units/", units.unit_list, name="units"),
    path("units/new/", units.unit_new, name="unit_new"),
    path("units/<int:pk>/", units.unit_page, name="unit"),
    path("units/<int:pk>/edit/", units.unit_edit, name="unit_edit"),
    path("units/<int:pk>/close/", units.unit_close, name="unit_close"),
    path("units/<int:pk>/positions/new/", units.position_new, name="position_new"),
    path("positions/<int:pk>/", units.position_page, name="position"),
    path("appointments/<int:pk>/end/", units.appointment_end, name="appointment_end"),
    path("people/", people.person_list, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/passwords/", people.people_passwords, name="people_passwords"),
    path("people/<int:pk>/", people.person_page, name="person"),
    path("people/<int:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/password/", people.person_password, name="person_password"),
    path("people/<int:pk>/switch/", people.person_switch, name="person_switch"),
    path("import/<slug:kind>/", imports.import_page, name="import"),
    path("import/<slug:kind>/template/", imports.import_template, name="import_template"),
    path("import/<slug:kind>/preview/", imports.import_preview, name="import_preview"),
    path("import/<slug:kind>/confirm/", imports.import_confirm, name="import_confirm"),
    path("import/<slug:kind>/drop/", imports.import_drop, name="import_drop"),
    path("delegations/", delegations.delegation_list, name="delegations"),
    path("delegations/new/", delegations.delegation_new, name="delegation_new"),
    path("delegations/<int:pk>/revoke/", delegations.delegation_revoke, name="delegation_revoke"),
]
