"""The page: a Streamlit app in which visitors search a collection. `server.py` starts it, and `app.py` draws it."""
