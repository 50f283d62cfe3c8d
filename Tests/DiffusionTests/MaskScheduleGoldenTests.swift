import Diffusion
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct MaskScheduleGoldenTests {
    private func schedule(_ entry: JSONValue) throws -> MaskSchedule {
        let name = try #require(entry["schedule"]?.stringValue)
        let parameters = entry["params"]
        if name == "sigmoid" {
            return .sigmoid(
                start: parameters?["start"]?.doubleValue ?? -3, end: parameters?["end"]?.doubleValue ?? 3,
                temperature: parameters?["tau"]?.doubleValue ?? 1)
        }
        return try #require(MaskSchedule(name))
    }

    @Test(arguments: GoldenSet.caseNames("schedules", list: "mask_schedules"))
    func `ratios and counts equal the official tables`(name: String) throws {
        let golden = try GoldenSet("schedules")
        let entry = try golden.named(name, list: "mask_schedules")
        let schedule = try schedule(entry)
        let found = try schedule.maskRatio(golden["t"])
        let clip = entry["params"]?["clip_min"]?.doubleValue
        if clip == nil {
            #expect(try found.largestDifference(from: golden[name + ".values"]) < 1e-6)
        }
        for table in entry["tables"]?.arrayValue ?? [] {
            let steps = try #require(table["timesteps"]?.intValue)
            let count = try #require(table["num_vq_tokens"]?.intValue)
            let counts = try (0..<steps).map { try schedule.maskedCount(of: count, afterStep: $0, of: steps) }
            #expect(
                counts == table["floor_of_n_times_ratio"]?.arrayValue?.compactMap { $0.doubleValue.map { Int($0) } })
        }
    }

    @Test func `transfer counts equal the official ones`() throws {
        let golden = try GoldenSet("schedules")
        let entries = try #require(golden.json["num_transfer_tokens"]?.arrayValue)
        #expect(!entries.isEmpty)
        for entry in entries {
            let steps = try #require(entry["steps"]?.intValue)
            let masked = try #require(entry["masked"]?.arrayValue).compactMap(\.intValue)
            let expected = entry["transfer"]?.arrayValue?.map { $0.arrayValue?.compactMap(\.intValue) ?? [] }
            #expect(masked.map { transferCounts(masked: $0, steps: steps) } == expected)
        }
    }

    @Test(arguments: ["", "pow", "pow-1", "powx", "Cosine", "pow0", "pownan", "powinf"])
    func `an unknown schedule is refused`(name: String) {
        #expect(MaskSchedule(name) == nil)
    }
}
