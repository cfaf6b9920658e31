/// A candle length by Binance's name. Months are left out: they have no fixed length.
enum CandleInterval: String, Sendable, CaseIterable {
    case oneMinute = "1m"
    case threeMinutes = "3m"
    case fiveMinutes = "5m"
    case fifteenMinutes = "15m"
    case thirtyMinutes = "30m"
    case oneHour = "1h"
    case twoHours = "2h"
    case fourHours = "4h"
    case sixHours = "6h"
    case eightHours = "8h"
    case twelveHours = "12h"
    case oneDay = "1d"
    case threeDays = "3d"
    case oneWeek = "1w"

    var milliseconds: Int64 {
        switch self {
        case .oneMinute: 60_000
        case .threeMinutes: 180_000
        case .fiveMinutes: 300_000
        case .fifteenMinutes: 900_000
        case .thirtyMinutes: 1_800_000
        case .oneHour: 3_600_000
        case .twoHours: 7_200_000
        case .fourHours: 14_400_000
        case .sixHours: 21_600_000
        case .eightHours: 28_800_000
        case .twelveHours: 43_200_000
        case .oneDay: 86_400_000
        case .threeDays: 259_200_000
        case .oneWeek: 604_800_000
        }
    }

    /// Open time of the candle that holds `time`. Weeks open on Monday; 1970 began on a Thursday.
    func openTime(of time: Int64) -> Int64 {
        let shift: Int64 = self == .oneWeek ? 4 * 86_400_000 : 0
        let offset = (time - shift) % milliseconds
        return time - (offset < 0 ? offset + milliseconds : offset)
    }
}
