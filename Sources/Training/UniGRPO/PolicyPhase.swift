import Datasets
import Foundation
import StrictJSON

/// An answer that takes part in updates.
struct PolicyExample: Hashable, Sendable {
    var rollout: Rollout
    /// Its number in the phase, which its masks depend on.
    var number: Int
    var advantage: Double
    /// Where its prompt is from.
    var name: String
    /// The step of its sampler before which it is seen; `nil` where each inner update masks it anew.
    var step: Int?
}

/// Answers of one phase, and what their masked tokens were worth to the policy that gave them and to the reference.
struct PolicyPhase: Hashable, Sendable {
    /// Its number in the run.
    var number: Int
    var examples: [PolicyExample] = []
    /// log p for each slice and, within it, each inner update; empty lists where nobody asks.
    var old: [[Float]] = []
    var reference: [[Float]] = []
    /// Micro-steps made.
    var next = 0

    init(number: Int) { self.number = number }

    func isOver(slices: Int, updates: Int) -> Bool { next >= slices * updates }

    /// Every `count`-th example, so that slices have answers of all tasks.
    func slice(_ index: Int, of count: Int) -> [PolicyExample] {
        stride(from: index, to: examples.count, by: count).map { examples[$0] }
    }

    // MARK: Storage

    // Floating-point numbers are kept by their bits: what is read back is what was.

    private static func json(_ tokens: [Int32]) -> JSONValue { .array(tokens.map { .integer(Int64($0)) }) }

    private static func json(_ lists: [[Float]]) -> JSONValue {
        .array(lists.map { .array($0.map { .integer(Int64($0.bitPattern)) }) })
    }

    var json: JSONValue {
        let stored = examples.map { example -> JSONValue in
            let rollout = example.rollout
            let fields: [(key: JSONString, value: JSONValue)] = [
                ("task", .string(JSONString(rollout.task.rawValue))), ("group", .integer(Int64(rollout.group))),
                ("prompt", Self.json(rollout.prompt)), ("answer", Self.json(rollout.answer)),
                ("suffix", Self.json(rollout.suffix)),
                ("revealed", .array(rollout.revealedAt.map { .integer(Int64($0)) })),
                ("truncated", .bool(rollout.isTruncated)),
                ("number", .integer(Int64(example.number))),
                ("advantage", .string(JSONString(String(example.advantage.bitPattern)))),
                ("name", .string(JSONString(example.name))),
                ("step", example.step.map { .integer(Int64($0)) } ?? .null),
            ]
            return .object(fields)
        }
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("number", .integer(Int64(number))), ("next", .integer(Int64(next))), ("examples", .array(stored)),
            ("old", Self.json(old)), ("reference", Self.json(reference)),
        ]
        return .object(fields)
    }

    /// Reads what ``json`` gave.
    ///
    /// - Throws: ``TrainingError/unreadableState(folder:reason:)``.
    init(_ json: JSONValue, slices: Int) throws {
        func broken(_ what: String) -> TrainingError {
            .unreadableState(folder: "state.json", reason: "phase: \(what)")
        }
        func tokens(_ value: JSONValue?) throws -> [Int32] {
            guard let list = value?.arrayValue else { throw broken("no tokens") }
            return try list.map {
                guard let token = $0.intValue.flatMap(Int32.init(exactly:)), token >= 0 else {
                    throw broken("no token")
                }
                return token
            }
        }
        func numbers(_ value: JSONValue?) throws -> [[Float]] {
            guard let lists = value?.arrayValue, lists.count == slices || lists.isEmpty else {
                throw broken("likelihoods of other settings")
            }
            return try lists.map { list in
                try (list.arrayValue ?? []).map {
                    guard let bits = $0.intValue.flatMap(UInt32.init(exactly:)) else { throw broken("no number") }
                    return Float(bitPattern: bits)
                }
            }
        }
        guard let number = json["number"]?.intValue, let next = json["next"]?.intValue, next >= 0,
            let stored = json["examples"]?.arrayValue
        else { throw broken("incomplete") }
        self.number = number
        self.next = next
        old = try numbers(json["old"])
        reference = try numbers(json["reference"])
        examples = try stored.map { entry in
            guard let task = entry["task"]?.stringValue.flatMap(TaskKind.init(rawValue:)),
                let group = entry["group"]?.intValue, let number = entry["number"]?.intValue, number >= 0,
                let isTruncated = entry["truncated"]?.boolValue, let name = entry["name"]?.stringValue,
                let advantage = entry["advantage"]?.stringValue.flatMap({ UInt64($0) }).map(Double.init(bitPattern:))
            else { throw broken("an answer is incomplete") }
            let rollout = Rollout(
                task: task, group: group, prompt: try tokens(entry["prompt"]), answer: try tokens(entry["answer"]),
                suffix: try tokens(entry["suffix"]), revealedAt: try tokens(entry["revealed"]).map(Int.init),
                isTruncated: isTruncated)
            let revealable = rollout.answer.count + (rollout.isPicture ? 0 : rollout.suffix.count)
            guard rollout.revealedAt.count == revealable else { throw broken("steps of another answer") }
            let step = entry["step"]?.intValue
            guard step.map({ rollout.revealedAt.prefix(rollout.answer.count).contains($0) }) ?? true else {
                throw broken("a step that the answer has not")
            }
            return PolicyExample(rollout: rollout, number: number, advantage: advantage, name: name, step: step)
        }
    }
}
