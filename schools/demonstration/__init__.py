"""Made-up schools with families to try the portal with. README.md of this folder says who is in them."""
