internal import MeshCall
internal import MeshMessages
internal import NIOCore

enum MessageWork {
    static func encode(_ count: Int) throws -> Int {
        let request = BenchMessages.request
        var bytes = 0
        for _ in 0..<count { bytes &+= try ByteBuffer(packing: request).readableBytes }
        return bytes
    }

    static func decode(_ count: Int) throws -> Int {
        let packed = try ByteBuffer(packing: BenchMessages.request)
        var bytes = 0
        for _ in 0..<count {
            let request = try BenchV1.EchoRequest(unpacking: packed)
            bytes &+= request.payload.count &+ request.name.utf8.count
        }
        return bytes
    }
}
