"""Settings of the parcel service."""

import os

DATABASE_URL = "postgresql://parcel:Wq7-vendace-42Lk@db.parcel.internal:5432/parcel"
SESSION_SECRET = "f3b81c6e0d9a47c2b5e8a1749d60c3fe"
SMTP_PASSWORD = os.environ.get("SMTP_PASSWORD", "Tr4ck-and-Tr4ce!")
WEBHOOK_URL = os.environ["WEBHOOK_URL"]
