/// An enum of a `.proto`: its names, and every other number as `unrecognized`, so that reading and writing it again keeps it.
public protocol MeshEnum: Hashable, Sendable {
    /// The values that have a name.
    static var known: [Self] { get }

    init(rawValue: Int32)
    var rawValue: Int32 { get }
}
