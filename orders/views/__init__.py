"""The pages of buying and of the order desk; thin, one blueprint a module."""
