/// Spelling of the Prometheus text format, version 0.0.4.
enum PrometheusText {
    /// Longest label value; what is longer is cut.
    static let maxValueBytes = 200

    /// `mesh.calls` becomes `mesh_calls`.
    static func name(_ label: String) -> String {
        let text = String(decoding: label.utf8.map { isNameByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        let startsWithDigit = text.utf8.first.map { (0x30...0x39).contains($0) } ?? true
        return startsWithDigit ? "_" + text : text
    }

    /// `code="OK",method="/a/B"`, sorted by name so that the order of dimensions makes no second series.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }
            .map { "\(name($0.0).replacing(":", with: "_"))=\"\(escaped(String($0.1.prefix(maxValueBytes))))\"" }
            .joined(separator: ",")
    }

    static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: ":"): true
        default: false
        }
    }
}
