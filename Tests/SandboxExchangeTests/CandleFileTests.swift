import Testing
import Trading

@testable import SandboxExchange

@Suite("Candle files")
struct CandleFileTests {
    private static let header =
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n"
    private static let rows = """
        1640995200000,46197.00000000,46247.00000000,46195.00000000,46224.00000000,72.54475518,1640995259999,3353308.76350000,10,1,2,0
        1640995260000,46224.00000000,46265.00000000,46198.00000000,46247.00000000,268.94268958,1640995319999,12437792.56480000,0,0,0,0

        """

    private static func file(_ text: String) throws -> CandleFile {
        try CandleFile(bytes: Array(text.utf8))
    }

    @Test(
        "Rows are read with or without a header, with either line end and in microseconds",
        arguments: [
            rows, header + rows, rows.replacing("\n", with: "\r\n"),
            rows.replacing("1640995", with: "1640995").replacing("00000,4", with: "00000000,4")
                .replacing("60000,4", with: "60000000,4").replacing("59999,", with: "59999999,").replacing("19999,", with: "19999999,"),
        ])
    func variants(text: String) throws {
        let file = try Self.file(text)
        #expect(file.interval == .oneMinute)
        #expect(file.span == 1_640_995_200_000...1_640_995_260_000)
        let first = try #require(try file.candle(openTime: 1_640_995_200_000))
        #expect(first.close == Decimal(46_224))
        #expect(first.volume == Decimal("72.54475518"))
        #expect(first.trades == 10)
        #expect(try file.candle(openTime: 1_640_995_320_000) == nil)
    }

    @Test(
        "A file that is not of candles is refused with its line",
        arguments: [
            "": "no candles", "1640995200000,1,2": "line 1", header + rows + "x,y\n": "line 4",
            rows + rows: "line 3",
            "1640995200000,5,4,3,4,1,1640995259999,1,0,0,0,0": "do not fit",
            "1640995200000,5,6,3,4,1,1640995259999,1,,0,0,0": "column 9", "1640995200000,5,6,3,4,1,1640995259999,1,1.5,0,0,0": "column 9",
            "1640995200000,5,6,3,4,1,1640995259999,1,9223372036854775807,0,0,0": "column 9",
            "1640995200000,5,6,3,4,1,1640995259998,1,0,0,0,0": "no candle interval",
        ])
    func malformed(text: String, reason: String) {
        let error = #expect(throws: CandleFile.Failure.self) { try Self.file(text) }
        #expect("\(error as Any)".contains(reason) || error?.description.contains(reason) == true)
    }
}
