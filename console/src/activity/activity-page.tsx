import { AccessLog } from './access-log.tsx';
import { SubjectSearch } from './subject-search.tsx';
import '../system/system.css';
import './activity.css';

/** Who read, changed or erased what, and what is known of one person. */
export function ActivityPage() {
  return (
    <div className="activity">
      <SubjectSearch />
      <AccessLog />
    </div>
  );
}
