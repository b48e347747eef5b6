import TrackerCommands

Tool.run(StandaloneMerge.self)
