import Foundation

/// A JSON value of a scenario, to be compared.
enum Value: Codable, Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Int)
    case text(String)
    case list([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
        let it = try decoder.singleValueContainer()
        if it.decodeNil() {
            self = .null
        } else if let bool = try? it.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? it.decode(Int.self) {
            self = .number(number)
        } else if let text = try? it.decode(String.self) {
            self = .text(text)
        } else if let list = try? it.decode([Value].self) {
            self = .list(list)
        } else {
            self = .object(try it.decode([String: Value].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var it = encoder.singleValueContainer()
        switch self {
        case .null: try it.encodeNil()
        case .bool(let bool): try it.encode(bool)
        case .number(let number): try it.encode(number)
        case .text(let text): try it.encode(text)
        case .list(let list): try it.encode(list)
        case .object(let fields): try it.encode(fields)
        }
    }

    subscript(_ name: String) -> Value { fields[name] ?? .null }
    var fields: [String: Value] { if case .object(let fields) = self { fields } else { [:] } }
    var list: [Value] { if case .list(let list) = self { list } else { [] } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Int? { if case .number(let number) = self { number } else { nil } }
    var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }

    /// The part at a path like `challenges.0.id`.
    func part(_ path: String) -> Value {
        path.split(separator: ".").reduce(self) { value, step in
            guard let index = Int(step) else { return value[String(step)] }
            return value.list.indices.contains(index) ? value.list[index] : .null
        }
    }

    /// With what was saved in the place of `$name`, and of `$!name` the same with every digit changed.
    func filled(_ saved: [String: Value]) throws -> Value {
        switch self {
        case .text(let text) where text.hasPrefix("$"):
            let other = text.hasPrefix("$!")
            guard let known = saved[String(text.dropFirst(other ? 2 : 1))] else { throw Unexpected("nothing was saved as \(text)") }
            guard other else { return known }
            return .text(String((known.text ?? "").map { digit in digit.wholeNumberValue.map { Character("\(($0 + 1) % 10)") } ?? digit }))
        case .list(let list): return .list(try list.map { try $0.filled(saved) })
        case .object(let fields): return .object(try fields.mapValues { try $0.filled(saved) })
        default: return self
        }
    }

    /// What of `actual` is not as expected; none when it fits.
    func misfit(_ actual: Value) -> String? {
        let wrong = "expected \(self), not \(actual)"
        switch (self, actual) {
        case (.object(let fields), _) where fields.count == 1 && fields["between"] != nil:
            let (ends, number) = (fields["between"]!.list.compactMap(\.number), actual.number)
            return number.map { ends[0] <= $0 && $0 <= ends[1] } == true ? nil : wrong
        case (.object(let fields), .list(let items)) where fields.count == 1 && fields["any"] != nil:
            return items.contains { fields["any"]!.misfit($0) == nil } ? nil : wrong
        case (.object(let fields), .list(let items)) where fields.count == 1 && fields["none"] != nil:
            return items.contains { fields["none"]!.misfit($0) == nil } ? wrong : nil
        case (.object(let fields), .object):
            return fields.lazy.compactMap { name, field in field.misfit(actual[name]).map { "\(name): \($0)" } }.first
        case (.list(let wanted), .list(let items)) where wanted.count == items.count:
            return zip(wanted, items).lazy.compactMap { $0.misfit($1) }.first
        default: return self == actual ? nil : wrong
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    init(stringLiteral text: String) { self = .text(text) }
    init(dictionaryLiteral elements: (String, Value)...) { self = .object(Dictionary(uniqueKeysWithValues: elements)) }
    init(_ text: String?) { self = text.map(Value.text) ?? .null }
    init(_ number: Int?) { self = number.map(Value.number) ?? .null }

    var description: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}

/// `someWords` as `some_words`.
func snake(_ name: some Any) -> String {
    let word = "\(name)".prefix { $0 != "(" }
    return word.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : "\($1)" }
}
