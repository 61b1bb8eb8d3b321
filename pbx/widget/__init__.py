"""The callback widget of web pages: what a page is told, requests of visitors, and what becomes of them."""
