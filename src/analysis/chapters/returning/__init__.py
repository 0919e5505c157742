"""What goes with coming back?"""
