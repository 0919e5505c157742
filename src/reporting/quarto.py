def find_quarto(): return None
