"""Are customers lost after complaints?"""
