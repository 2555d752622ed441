"""Addresses of the education app; one block per noun."""

from django.urls import path

from education import views

app_name = "education"
urlpatterns = [
    # articles
    path("reading/", views.article_list, name="article-list"),
    path("reading/<slug:slug>/", views.article_detail, name="article-detail"),
    path("reading/given/<int:pk>/open/", views.article_open, name="article-open"),
    path("reading/given/<int:pk>/finish/", views.article_finish, name="article-finish"),
    path("reading/given/<int:pk>/ask/", views.article_ask, name="article-ask"),
    # what a therapist gives to a patient
    path("patients/<int:patient_pk>/reading/", views.assignment_list, name="assignment-list"),
    path("patients/<int:patient_pk>/reading/give/", views.assignment_create, name="assignment-create"),
]
