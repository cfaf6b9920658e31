internal import CMessages
internal import CProtobufC

/// protoc-c's description of a message, in a form that other modules can hold without seeing C.
public struct MessageLayout: @unchecked Sendable {
    // Unchecked: it points at constant data of the program.
    let descriptor: UnsafePointer<ProtobufCMessageDescriptor>

    /// - Parameters:
    ///   - struct: protoc-c's struct for the message.
    ///   - initialize: protoc-c's `…__init` for it.
    public init<Struct>(of struct: Struct.Type, _ initialize: (UnsafeMutablePointer<Struct>?) -> Void) {
        let memory = UnsafeMutablePointer<Struct>.allocate(capacity: 1)
        defer { memory.deallocate() }
        initialize(memory)
        // Every message struct starts with its ProtobufCMessage.
        descriptor = UnsafeRawPointer(memory).load(as: ProtobufCMessage.self).descriptor
    }
}
