"""Money in and out: VietQR codes, bank transfers and how they find their orders, cash on delivery, cards, refunds."""
