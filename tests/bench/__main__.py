"""`make bench`: every figure the project promises, as ratios within one run."""

from __future__ import annotations

from tests.bench import audit_speed, codes, diarization, engine, stages, transcribe_speed, vad_speed, word_times

if __name__ == "__main__":
    print("engine\n------")
    engine.main()
    print("\nstages\n------")
    stages.main()
    print("\nvoice activity detection\n------------------------")
    vad_speed.main()
    print("\ndiarization\n-----------")
    diarization.main()
    print("\nwords\n-----")
    transcribe_speed.main()
    word_times.main()
    print("\ncodec tokens\n------------")
    codes.main()
    print("\naudit\n-----")
    audit_speed.main()
