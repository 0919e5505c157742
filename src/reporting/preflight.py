def check_staged(staged): pass
