"""Typed client of ktpflow, which reads Indonesian identity cards (KTP)."""

from . import types
from .client import Client, KtpflowError

__all__ = ["Client", "KtpflowError", "types"]
