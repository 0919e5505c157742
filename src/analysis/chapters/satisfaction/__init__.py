"""How satisfied are customers, and is that measured well?"""
