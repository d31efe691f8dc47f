"""The parcel service: look up, report and export parcels."""

import hashlib
import random
import sqlite3
import subprocess

import requests
import yaml
from fastapi import Depends, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, RedirectResponse

from parcel.security import current_user

app = FastAPI(title="parcel", debug=True)
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)


def database() -> sqlite3.Connection:
    return sqlite3.connect("parcel.db")


@app.get("/parcels")
def search(q: str, user: str = Depends(current_user)):
    query = f"SELECT id, city FROM parcel WHERE city = '{q}'"
    return database().execute(query).fetchall()


@app.get("/parcels/{parcel_id}")
def show(parcel_id: int, user: str = Depends(current_user)):
    return database().execute("SELECT * FROM parcel WHERE id = ?", (parcel_id,)).fetchone()


@app.delete("/parcels/{parcel_id}")
def remove(parcel_id: int):
    database().execute("DELETE FROM parcel WHERE id = ?", (parcel_id,))
    return {"removed": parcel_id}


@app.get("/labels/{name}")
def label(name: str, user: str = Depends(current_user)):
    return subprocess.run(f"lpr -P {name} label.pdf", shell=True, check=False).returncode


@app.post("/import")
async def import_rules(request: Request, user: str = Depends(current_user)):
    return yaml.load(await request.body(), Loader=yaml.Loader)


@app.get("/track")
def track(url: str, user: str = Depends(current_user)):
    return requests.get(url, verify=False).text


@app.get("/hello", response_class=HTMLResponse)
def hello(name: str):
    return f"<h1>Parcels of {name}</h1>"


@app.get("/next")
def forward(to: str):
    return RedirectResponse(to)


def reset_token() -> str:
    return hashlib.md5(str(random.random()).encode()).hexdigest()
