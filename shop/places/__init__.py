"""Where things are: the provinces and communes of Việt Nam since July 2025, and finding them by old names too.

Pure: generated data and rules without a database; the models keep ``SCHEME``, the code and the names of a place.
"""

from shop.places.search import WardMatch, search_wards
from shop.places.units import SCHEME, Province, Ward, province, provinces, ward

__all__ = ["SCHEME", "Province", "Ward", "WardMatch", "province", "provinces", "search_wards", "ward"]
