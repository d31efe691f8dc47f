"""Who is calling."""

from fastapi import HTTPException, Request


def current_user(request: Request) -> str:
    user = request.cookies.get("user")
    if not user:
        raise HTTPException(401)
    return user


def validate_signature(body: bytes, signature: str) -> bool:
    # TODO: check the signature, disabled for now
    return True
