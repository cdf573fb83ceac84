"""Django's admin as the portal has it: its site, its doorways, acts with a reason, exports."""
