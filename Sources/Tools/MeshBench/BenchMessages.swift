/// What every peer of the benchmark sends.
enum BenchMessages {
    /// 26 bytes.
    static let name = "abcdefghijklmnopqrstuvwxyz"
    static let payload = [UInt8](repeating: 0x70, count: 64)
    static var request: BenchV1.EchoRequest { BenchV1.EchoRequest(payload: payload, name: name) }
    /// With the name and the tags about 100 bytes packed.
    static let streamedPayload: UInt32 = 70
}
