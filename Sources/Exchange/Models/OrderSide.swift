/// Binance's words for the two sides.
public enum OrderSide: String, Sendable, Hashable, Codable {
    case buy = "BUY"
    case sell = "SELL"
}
