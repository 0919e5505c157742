"""What goes with ending?"""
