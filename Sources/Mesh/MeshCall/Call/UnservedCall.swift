/// A call that was answered before it reached the interceptors: there is no such method, the Request is not what it should be, the policy or
/// admission control kept it from its handler.
public struct UnservedCall: Sendable {
    /// Nil where the Request named no method of this server, or nobody could read what it named.
    public let method: MethodDescriptor?
    /// What the caller was told.
    public let code: StatusCode
    /// Who called, as its certificate says.
    public let peer: PeerIdentity
}

/// What can be said of a Request in the line about its refusal.
struct RefusedRequest {
    var method: MethodDescriptor?
    /// Of service and method, as the caller wrote them; nil: not readable.
    var names: (service: String, method: String)?
    /// The caller's where it can be read and is fit for a log line. Most of a flood have no line: it is found for those that have.
    var requestID: () -> String = RequestID.make
}

extension RefusedRequest {
    init(_ call: ServerCall) {
        self.init(method: call.descriptor, names: (call.descriptor.service, call.descriptor.name), requestID: { call.requestID })
    }
}
